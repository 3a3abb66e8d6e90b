//! Lines in, lines out.

use super::*;

#[test]
fn every_recorded_message_comes_back_octet_for_octet() {
    let mut lines = String::new();
    for message in [recorded("RAS"), recorded("H.225.0")].concat() {
        lines += &format!("{}\n", hex(&message));
    }
    let (readings, errors) = run(|output| decode(input(lines.clone()), output, &[]));
    assert_eq!(errors, 0);
    let (written, errors) = run(|output| encode(input(readings), output));
    assert_eq!((written, errors), (lines, 0));
}

#[test]
fn white_space_and_prefixes_between_octets_are_passed_over() {
    let lines = "86 03 00 00 01\r\n\n0x8603 0x0000 0x01\n   86:03:00:00:01";
    let lines = decoded(lines);
    assert_eq!(lines.len(), 3);
    for line in lines {
        assert_eq!(line["decoded"]["serviceControlResponse"]["requestSeqNum"], 2);
    }
}

#[test]
fn a_line_that_cannot_be_read_is_reported_with_its_number_and_the_rest_goes_on() {
    let lines = decoded("86zz\n\nffff\n8603000001\n860");
    let errors: Vec<_> = lines.iter().map(|line| (line["line"].as_u64(), line["hex"].as_str())).collect();
    let expected = [(Some(1), Some("86zz")), (Some(3), Some("ffff")), (None, None), (Some(5), Some("860"))];
    assert_eq!(errors, expected);
    assert_eq!(lines[2]["message"], "serviceControlResponse");
}

#[test]
fn a_reading_that_cannot_be_written_is_reported_with_its_number_and_the_rest_goes_on() {
    let good = decoded("8603000001")[0].to_string();
    let bad = good.replace(":2}", ":0}");
    let lines = format!("{{\n{bad}\n{good}\n");
    let (written, errors) = run(|output| encode(input(lines), output));
    assert_eq!(errors, 2);
    let lines: Vec<_> = written.lines().collect();
    assert!(lines[0].starts_with("{\"error\":") && lines[0].contains("\"line\":1"));
    assert!(
        lines[1].contains("/decoded/serviceControlResponse/requestSeqNum: expected a number from 1 to 65535")
    );
    assert_eq!(lines[2], "8603000001");
}

#[test]
fn a_line_without_end_is_passed_over_in_bounded_memory() {
    struct Endless(u64);
    impl std::io::Read for Endless {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            let length = buffer.len().min(self.0 as usize);
            self.0 -= length as u64;
            buffer[..length].fill(b'8');
            Ok(length)
        }
    }
    use std::io::Read;
    let endless = Endless(crate::wire::LINE_MAX as u64 + 1).chain(Cursor::new("\n8603000001\n"));
    let (lines, errors) = run(|output| decode(Box::new(endless), output, &[]));
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((lines.len(), errors), (2, 1));
    assert_eq!(lines[0]["line"], 1);
    assert_eq!(lines[1]["message"], "serviceControlResponse");
}
