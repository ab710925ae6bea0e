#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let _ = qingfeng_testkit::fuzz::equality(bytes);
});
