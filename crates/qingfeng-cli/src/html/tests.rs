//! Tests of `html`.

use super::*;

#[test]
fn what_others_wrote_is_text() {
    let page =
        Page { language: Language::En, title: "<b>\u{202e}", subtitle: "\"&\x1b", style: "", script: None };
    let page = page.with(&html! { p title=(clean("\"<")) { (text("</main><script>")) } });
    assert!(page.contains("<title>&lt;b&gt;\u{fffd}</title>"), "{page}");
    assert!(page.contains("&quot;&amp;␛"), "{page}");
    assert!(!page.contains("<script"), "{page}");
}

#[test]
fn pages_need_nothing_from_outside() {
    for needs in ["http:", "https:", "url(", "@import", "src="] {
        assert!(!STYLE.contains(needs), "{needs}");
    }
}
