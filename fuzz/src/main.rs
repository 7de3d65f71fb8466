//! For libFuzzer: `FUZZ_TARGET=patterns fuzz corpus/patterns`.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let wanted = std::env::var("FUZZ_TARGET").unwrap_or_default();
    match fuzz::TARGETS.iter().find(|(name, _)| *name == wanted) {
        Some((_, target)) => target(bytes),
        None => std::process::exit(2),
    }
});
