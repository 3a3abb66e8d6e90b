"""Dependencies point one way: model <- engine, link, codec, cpim <- protocols <- server <- herald; store knows only model.

Whoever adds a crate adds its line here, in the same commit.
"""

import tomllib

PROTOCOL = {"codec", "cpim", "link", "model"}
ANY = None

# What each crate of the workspace may depend on; ANY for those at the top.
ALLOWED = {
    "model": set(),
    "codec": {"model"},
    "cpim": {"model"},
    "directory": {"model"},
    "engine": {"model"},
    "link": {"model"},
    "store": {"model"},
    "h323": PROTOCOL,
    "xmpp": PROTOCOL,
    "server": ANY,
    "sim": ANY,
    "bench": ANY,
    "herald": ANY,
    "herald-fuzz": ANY,
}

# Who sits above everything, so nobody may depend on it.
TOP = {"herald", "herald-fuzz"}

# Crates that wait for the world; whoever has no IO has none of them.
IO_CRATES = {"async-std", "crossbeam-channel", "mio", "nix", "quinn-udp", "rusqlite", "smol", "socket2", "tokio"}
WITHOUT_IO = {"codec", "cpim", "engine", "h323", "link", "model", "xmpp"}


def manifests(tree):
    """Each crate's manifest, with its path."""
    for path in tree.paths:
        if path.endswith("Cargo.toml"):
            manifest = tomllib.loads(tree.text(path))
            if "package" in manifest:
                yield path, manifest


def dependencies(manifest, development=True):
    """The names of all crates that one depends on."""
    sections = ["dependencies", "build-dependencies"] + (["dev-dependencies"] if development else [])
    tables = [manifest, *manifest.get("target", {}).values()]
    for table in tables:
        for section in sections:
            for name, value in table.get(section, {}).items():
                yield value.get("package", name) if isinstance(value, dict) else name


def dependency_points_down(tree):
    """No crate depends on one above it, not even for its tests."""
    own = {manifest["package"]["name"] for _, manifest in manifests(tree)}
    for path, manifest in manifests(tree):
        name = manifest["package"]["name"]
        if name not in ALLOWED:
            yield path, 1, f"the crate {name} has no line in tests/tidy/arrows.py"
            continue
        for dependency in sorted(set(dependencies(manifest)) & own - {name}):
            allowed = ALLOWED[name]
            if dependency in TOP or (allowed is not ANY and dependency not in allowed):
                yield path, 1, f"{name} must not depend on {dependency}"


def silent_crates_have_no_runtime(tree):
    """Who does no IO has no crate that does."""
    for path, manifest in manifests(tree):
        name = manifest["package"]["name"]
        if name in WITHOUT_IO:
            for dependency in sorted(set(dependencies(manifest, development=False)) & IO_CRATES):
                yield path, 1, f"{name} does no IO and must not depend on {dependency}"


def crate_takes_the_lints(tree):
    """Every crate is under the lints of the workspace, so that `unsafe` is forbidden in it."""
    for path, manifest in manifests(tree):
        is_member = "workspace" not in manifest and not path.startswith("fuzz/")
        if is_member and manifest.get("lints", {}).get("workspace") is not True:
            yield path, 1, "`[lints] workspace = true` is missing"


RULES = (dependency_points_down, silent_crates_have_no_runtime, crate_takes_the_lints)
