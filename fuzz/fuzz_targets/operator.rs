//! Lines of the control socket: what clients ask, and what they are answered.

#![no_main]

use server::control::{Answer, Question};

libfuzzer_sys::fuzz_target!(|line: &[u8]| {
    if let Ok(question) = serde_json::from_slice::<Question>(line) {
        let written = serde_json::to_vec(&question).expect("a question can be written");
        assert_eq!(serde_json::from_slice::<Question>(&written).expect("and read"), question);
    }
    if let Ok(answer) = serde_json::from_slice::<Answer>(line) {
        let written = serde_json::to_vec(&answer).expect("an answer can be written");
        assert_eq!(serde_json::from_slice::<Answer>(&written).expect("and read"), answer);
    }
});
