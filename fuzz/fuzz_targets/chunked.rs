#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| wasgi_fuzz::chunked::check(input));
