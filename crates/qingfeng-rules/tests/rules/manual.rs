//! `docs/reference/` is what the code says. After a change run the tests with `QINGFENG_BLESS=1` and read the
//! difference.

use std::path::Path;

use qingfeng_rules::manual::{Part, page};

#[test]
fn the_reference_is_what_the_code_says() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference");
    for (name, part) in Part::ALL {
        let path = directory.join(format!("{name}.md"));
        let text = page(part);
        if std::env::var_os("QINGFENG_BLESS").is_some() {
            std::fs::create_dir_all(&directory).unwrap();
            std::fs::write(&path, text).unwrap();
            continue;
        }
        let expected = std::fs::read_to_string(&path).unwrap_or_default().replace("\r\n", "\n");
        assert!(
            text == expected,
            "{} is not what the code says; renew it with QINGFENG_BLESS=1",
            path.display()
        );
    }
}
