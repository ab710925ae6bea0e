use super::*;

#[test]
fn a_log_is_told_how_far_a_run_is() {
    assert_eq!(told(30), "at work after 30 s");
    let bar = Bar::new(Some(200));
    bar.show(71, 1_234_567);
    assert_eq!(told(60), "1,234,567 lines, 35.5 % after 60 s");
    bar.show(0, 2_000_000);
    assert_eq!(told(1200), "2,000,000 lines, 0.0 % after 1,200 s");
}
