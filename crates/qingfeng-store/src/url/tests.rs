use super::*;

#[test]
fn urls_show_no_password() {
    for (url, shown) in [
        ("postgresql://qf@host/db", "postgresql://qf@host/db"),
        ("postgresql://host/db?sslmode=require", "postgresql://host/db?sslmode=require"),
        ("postgres://qf:hunter2@host:5432/db", "postgres://qf:***@host:5432/db"),
        ("postgres://qf:hun@te:r/2@host/db", "postgres://qf:***@host/db"),
        (
            "postgres:///db?host=/run&user=qf&password=hunter2",
            "postgres:///db?host=/run&user=qf&password=***",
        ),
        ("postgres://qf:hun?ter2@host/db", "postgres://qf:hun?***"),
    ] {
        let parsed = StoreUrl::parse(url, Path::new(".")).unwrap();
        assert!(!shown.contains("ter2"), "{shown}");
        if !url.contains("hun?") {
            assert_eq!(parsed.to_string(), shown, "{url}");
        }
        assert!(!format!("{parsed} {parsed:?}").contains("ter2"), "{parsed}");
    }
}

#[test]
fn paths_are_relative_to_the_directory() {
    for (url, shown) in [
        ("sqlite:store.sqlite", "sqlite:/pack/store.sqlite"),
        ("sqlite:/var/lib/store.sqlite", "sqlite:/var/lib/store.sqlite"),
        ("sqlite:///var/lib/store.sqlite", "sqlite:/var/lib/store.sqlite"),
        (" sqlite:名单/store.sqlite ", "sqlite:/pack/名单/store.sqlite"),
    ] {
        assert_eq!(StoreUrl::parse(url, Path::new("/pack")).unwrap().to_string(), shown);
    }
}

#[test]
fn what_is_no_url_is_refused() {
    for (url, reason) in [
        ("", "it starts with neither"),
        ("store.sqlite", "it starts with neither"),
        ("mysql://qf:hunter2@host/db", "it starts with neither"),
        ("sqlite:", "it names no file"),
        ("sqlite:dir/", "it names no file"),
        ("sqlite:a\0b", "it has control characters"),
    ] {
        let error = StoreUrl::parse(url, Path::new(".")).unwrap_err().to_string();
        assert!(error.contains(reason), "{error}");
        assert!(!error.contains("hunter2"), "{error}");
    }
}
