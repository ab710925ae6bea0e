#![no_main]
libfuzzer_sys::fuzz_target!(|text: &str| {
    let _ = qingfeng_testkit::fuzz::condition(text);
});
