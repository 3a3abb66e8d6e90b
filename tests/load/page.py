"""The page "Performance" from recorded results: its table and its plots."""

import html

BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"


def phases(results, run):
    """The phases of a measurement by name; none where it was not made."""
    report = results["runs"].get(run, {}).get("report", {"phases": []})
    return {phase["name"]: phase for phase in report["phases"]}


def number(value, digits=0):
    return "" if value is None else f"{value:,.{digits}f}"


def detail(phase, name):
    return phase.get("details", {}).get(name)


def table(results):
    """A line for each phase of each measurement."""
    lines = ["| run | what | endpoints | each second | echo | ratio | lost | p50 ms | p99 ms | echo's p99 |",
             "|---|---|---|---|---|---|---|---|---|---|"]
    for name, run in results["runs"].items():
        for phase in run["report"]["phases"]:
            target, echo = phase["target"], phase.get("echo")
            latency = target["latencyMs"]
            cells = [name, phase["name"], number(run["report"]["endpoints"]), number(target["rate"]),
                     number(echo and echo["rate"]), number(phase.get("ratio"), 2), number(target["lost"]),
                     number(latency["p50"], 2), number(latency["p99"], 2),
                     number(echo and echo["latencyMs"]["p99"], 2)]
            lines.append("| " + " | ".join(cells) + " |")
    return lines


def goals(results):
    """Each goal, what was measured, and whether it is reached; a goal whose run is missing says so."""
    def ratio(run, phase):
        return phases(results, run).get(phase, {}).get("ratio")

    def rate(run, phase):
        return phases(results, run).get(phase, {}).get("target", {}).get("rate")

    def of(run, phase, name):
        return detail(phases(results, run).get(phase, {}), name)

    def share(phase):
        small, large = rate("ras-1000", phase), rate("ras-1000000", phase)
        return large / small if small and large else None

    def p99(run, phase):
        found = phases(results, run).get(phase)
        return found and found["target"]["latencyMs"]["p99"]

    def limit(run, phase):
        echo = phases(results, run).get(phase, {}).get("echo")
        return max(5.0, 3 * echo["latencyMs"]["p99"]) if echo else None

    def fewer_commits():
        few, many = of("texts-few", "texts", "commitsEach"), of("texts-rate", "texts", "commitsEach")
        return many / few if few and many is not None else None

    rows = [
        ("keep-alives, in the echo's rate", ratio("ras-1000", "keepAlives"), ">=", 0.5),
        ("first registrations, in the echo's rate", ratio("ras-1000", "registrations"), ">=", 0.35),
        ("keep-alives at the most endpoints, in their rate at 1,000", share("keepAlives"), ">=", 0.7),
        ("registrations at the most endpoints, in their rate at 1,000", share("registrations"), ">=", 0.7),
        ("octets of memory for each endpoint", of("ras-1000000", "registrations", "residentOctetsEach"), "<=", 1536),
        ("octets of memory for each endpoint with 10 subscriptions",
         of("subscriptions", "registrations", "residentOctetsEach"), "<=", 3072),
        ("notifications to 1,000 watchers, in the echo's rate", ratio("presence-1000", "notifications"), ">=", 0.35),
        ("p99 to the last of 10 watchers, ms", p99("presence-rate", "notifications"), "<=",
         limit("presence-rate", "notifications")),
        ("texts each second", rate("texts-rate", "texts"), ">=", 5000 * 0.99),
        ("commits for each text at 5,000/s, in those at 200/s", fewer_commits(), "<=", 0.5),
        ("single messages each second", rate("single-rate", "singleMessages"), ">=", 2000 * 0.99),
        ("seconds until a restarted server answers", of("settle", "settle", "secondsWithoutAnswer"), "<=", 5),
        ("seconds until all states are right", of("settle", "settle", "secondsUntilStatesRight"), "<=", 30),
        ("endpoints shown offline meanwhile", of("settle", "settle", "offlineMeanwhile"), "<=", 0),
        ("everyone is back, in the ideal time", of("return", "return", "factor"), "<=", 1.6),
        ("everyone is back, four times the rate offered, in the ideal time", of("return-4", "return", "factor"), "<=", 1.6),
        ("endpoints that never came back", of("return-4", "return", "notBack"), "<=", 0),
        ("memory at the end of the soak, in that of its beginning", of("soak", "soak", "growth"), "<=", 1.05),
    ]
    lines = ["| goal | measured | to reach | |", "|---|---|---|---|"]
    for name, measured, relation, goal in rows:
        if measured is None or goal is None:
            lines.append(f"| {name} | not measured | | |")
            continue
        reached = measured >= goal if relation == ">=" else measured <= goal
        lines.append(f"| {name} | {number(measured, 2)} | {relation} {number(goal, 2)} | "
                     f"{'reached' if reached else 'NOT REACHED'} |")
    return lines


def bars(title, unit, rows):
    """Horizontal bars as SVG: rows of label, value, and whether it is Herald's."""
    width, height, left = 760, 26, 270
    most = max((value for _, value, _ in rows), default=1) or 1
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height * len(rows) + 48}" '
             'font-family="sans-serif" font-size="13">',
             f'<text x="8" y="20" font-size="15" fill="#444">{html.escape(title)}</text>']
    for place, (label, value, own) in enumerate(rows):
        y = 36 + place * height
        length = (width - left - 110) * value / most
        parts.append(f'<text x="{left - 8}" y="{y + 14}" text-anchor="end" fill="#444">{html.escape(label)}</text>')
        parts.append(f'<rect x="{left}" y="{y}" width="{length:.1f}" height="18" '
                     f'fill="{"#2a6fb0" if own else "#b8b8b8"}"/>')
        parts.append(f'<text x="{left + length + 6:.1f}" y="{y + 14}" fill="#444">{value:,.0f} {unit}</text>')
    return "\n".join([*parts, "</svg>", ""])


def line(title, points, unit):
    """A line over seconds as SVG."""
    width, height, left, top = 760, 240, 90, 40
    xs, ys = [x for x, _ in points], [y for _, y in points]
    most = max(ys) * 1.1
    place = [(left + (width - left - 20) * x / max(xs), height - 30 - (height - top - 30) * y / most)
             for x, y in points]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in place)
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" '
        'font-size="13">',
        f'<text x="8" y="20" font-size="15" fill="#444">{html.escape(title)}</text>',
        f'<line x1="{left}" y1="{height - 30}" x2="{width - 20}" y2="{height - 30}" stroke="#888"/>',
        f'<text x="{left - 8}" y="{height - 26}" text-anchor="end" fill="#444">0</text>',
        f'<text x="{left - 8}" y="{place[-1][1] + 4:.1f}" text-anchor="end" fill="#444">{ys[-1]:,.0f} {unit}</text>',
        f'<text x="{width - 20}" y="{height - 10}" text-anchor="end" fill="#444">{max(xs):,.0f} s</text>',
        f'<polyline points="{path}" fill="none" stroke="#2a6fb0" stroke-width="2"/>', "</svg>", ""])


def plots(results):
    """The plots that can be drawn from what there is, by the name of their file."""
    drawn = {}
    for phase, title in (("keepAlives", "Keep-alives each second"), ("registrations", "First registrations each second")):
        rows = []
        for name, run in results["runs"].items():
            found = phases(results, name).get(phase)
            if found and (name.startswith("ras-") or name.startswith("other-")):
                endpoints = number(run["report"]["endpoints"])
                who = "Herald" if name.startswith("ras-") else "GnuGk"
                rows.append((f"{who}, {endpoints} endpoints", found["target"]["rate"], who == "Herald"))
                if "echo" in found:
                    rows.append(("echo beside it", found["echo"]["rate"], False))
        if rows:
            drawn[f"performance-{phase}.svg"] = bars(title, "/s", rows)
    memory = detail(phases(results, "soak").get("soak", {}), "memory")
    if memory:
        points = [(sample["seconds"], sample["residentOctets"] / 2**20) for sample in memory]
        drawn["performance-soak.svg"] = line("Memory during the soak", points, "MiB")
    return drawn


def draw(docs, results):
    """Writes the plots, and the part of the page between its marks."""
    drawn = plots(results)
    for name, svg in drawn.items():
        (docs / name).write_text(svg)
    path = docs / "performance.md"
    before, rest = path.read_text().split(BEGIN)
    after = rest.split(END)[1]
    lines = ["No figures are recorded yet."]
    if results["runs"]:
        machine = results["machine"]
        versions = sorted({run.get("version", "a commit that was not noted") for run in results["runs"].values()})
        lines = [f"Measured on {machine['date']}, Herald {'; '.join(versions)}: {machine['processor']}, "
                 f"{machine['cores']} cores, {machine['system']}."]
        if any(run["quick"] for run in results["runs"].values()):
            lines += ["", "Some of it at the small scale of `--quick`: not the figures that count."]
        lines += ["", *goals(results), "", *table(results), ""]
        lines += [f"![{name.removesuffix('.svg').replace('-', ': ')}]({name})" for name in drawn]
    path.write_text(f"{before}{BEGIN}\n" + "\n".join(lines) + f"\n{END}{after}")
