//! The table of settings and docs/settings.md agree, and each kind of value takes what it should.

use super::*;

#[test]
fn page_about_settings_says_what_the_code_does() {
    let mut page = String::from(
        "# Settings\n\nOf the desk, kept in its database: `maildesk admin setting list | get KEY | set KEY VALUE`. \
         A change holds for the next mail and request.\n\n| key | default | meaning |\n|---|---|---|\n",
    );
    for d in DEFINITIONS {
        let default = if d.default.is_empty() { "empty" } else { d.default };
        page.push_str(&format!("| {} | {default} | {} |\n", d.key, d.meaning));
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/settings.md");
    if std::env::var_os("MAILDESK_WRITE_DOCS").is_some() {
        std::fs::write(path, &page).unwrap();
    }
    let kept = std::fs::read_to_string(path).unwrap_or_default();
    assert_eq!(kept, page, "write it again with MAILDESK_WRITE_DOCS=1 cargo test --lib settings");
}

#[test]
fn every_shipped_value_is_one_the_setting_takes() {
    for d in DEFINITIONS {
        assert_eq!(d.check(d.default), Ok(d.default.to_owned()), "{}", d.key);
        let shipped = Settings::from_stored(&[(d.key.to_owned(), d.default.to_owned())]);
        assert_eq!(shipped, Settings::default(), "{}", d.key);
    }
}

#[test]
fn shipped_values_have_their_types() {
    let shipped = Settings::default();
    assert_eq!((shipped.site_name.as_str(), shipped.tickets_page), ("Helpdesk", 15));
    assert!(shipped.ticket_attachment && !shipped.maintenance);
    assert_eq!((shipped.ticket_file_size.bytes(), shipped.ticket_file_size.to_string()), (2_621_440, "2.5".to_owned()));
    assert_eq!(
        (shipped.mail_attachment_size.bytes(), shipped.mail_attachment_size.to_string()),
        (26_214_400, "25".to_owned())
    );
    assert_eq!(shipped.ticket_file_type, ["jpg", "png", "gif"]);
    assert_eq!((shipped.reply_order, shipped.faveo_answer), (ReplyOrder::Descending, FaveoAnswer::Object));
    assert_eq!(shipped.unknown_recipient, UnknownRecipient::Default);
    assert_eq!(shipped.stranger_reply, StrangerReply::New);
    assert_eq!(shipped.api_error_status, ErrorStatus::Compat);
}

#[test]
fn stored_value_that_does_not_fit_and_unknown_key_leave_the_default() {
    let stored = |pairs: &[(&str, &str)]| {
        let owned: Vec<_> = pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        Settings::from_stored(&owned)
    };
    let broken = [
        ("tickets_page", "many"),
        ("tickets_replies", "0"),
        ("imap_watch", "yes"),
        ("ticket_file_size", "-1"),
        ("reply_order", "sideways"),
        ("site_url", "javascript:alert(1)"),
        ("of_a_later_version", "1"),
    ];
    assert_eq!(stored(&broken), Settings::default());
    let changed = stored(&[("tickets_page", "7"), ("reply_order", "asc"), ("ticket_file_type", "pdf")]);
    assert_eq!((changed.tickets_page, changed.reply_order), (7, ReplyOrder::Ascending));
    assert_eq!(changed.ticket_file_type, ["pdf"]);
}

#[test]
fn number_is_taken_at_its_limit_and_refused_above() {
    let page = definition("tickets_page").unwrap();
    assert_eq!(page.check("1000"), Ok("1000".to_owned()));
    let refused = page.check("1001").unwrap_err().to_string();
    assert_eq!(refused, "setting tickets_page cannot be \"1001\": it takes a whole number from 1 to 1000");
    assert!(page.check("0").is_err());
}

#[test]
fn unknown_key_is_named() {
    assert!(definition("tickets_pages").unwrap_err().to_string().contains("tickets_pages"));
}

#[test]
fn extensions_are_cleaned() {
    let types = definition("ticket_file_type").unwrap();
    assert_eq!(types.check(" .JPG, png ,"), Ok("jpg,png".to_owned()));
    assert!(types.check("j/pg").is_err());
}

#[test]
fn time_zone_and_name_of_our_mail_server_are_refused_where_they_are_set() {
    let check = |key: &str, value: &str| definition(key).unwrap().check(value).map_err(|e| e.to_string());
    assert_eq!(check("timezone", " asia/kolkata"), Ok("Asia/Kolkata".to_owned()));
    let refused = check("timezone", "Mars/Olympus").unwrap_err();
    assert!(refused.contains("\"Mars/Olympus\"") && refused.contains("Europe/Berlin"), "{refused}");
    let longest = "x".repeat(AUTHSERV_ID_CHARS_MAX);
    for name in ["", "mx.example.org", "m\u{fc}nchen.example", "mail_1", longest.as_str()] {
        assert_eq!(check("authserv_id", name), Ok(name.to_owned()), "{name}");
    }
    let longer = "x".repeat(AUTHSERV_ID_CHARS_MAX + 1);
    for list in ["mx.example.org 1", "mx.example.org; dmarc=pass", "a,b", "ann@example.org", longer.as_str()] {
        let refused = check("authserv_id", list).unwrap_err();
        assert!(refused.contains(list) && refused.contains("one name"), "{refused}");
    }
}

#[test]
fn site_url_must_be_a_web_address() {
    let url = definition("site_url").unwrap();
    assert_eq!(url.check("https://desk.example.org/"), Ok("https://desk.example.org".to_owned()));
    assert!(url.check("javascript:alert(1)").is_err());
    assert!(url.check("https://").is_err());
}

#[test]
fn origins_are_kept_as_browsers_write_them() {
    let check = |value: &str| definition("cors_origins").unwrap().check(value).ok();
    for (typed, kept) in [
        ("", ""),
        ("*", "*"),
        ("https://a.test", "https://a.test"),
        ("HTTPS://A.test/, http://b.test:80", "https://a.test,http://b.test"),
        ("https://a.test:443 https://b.test:8443", "https://a.test,https://b.test:8443"),
        ("http://[::1]:3000, http://[2001:DB8::1]", "http://[::1]:3000,http://[2001:db8::1]"),
        ("https://b\u{fc}ro.test", "https://xn--bro-hoa.test"),
        ("chrome-extension://abcdef", "chrome-extension://abcdef"),
    ] {
        assert_eq!(check(typed).as_deref(), Some(kept), "{typed}");
    }
    for wrong in
        ["foo", "a.test", "https://a.test/path", "https://", "https://a.test:99999", "https://a.test:", "://a.test"]
    {
        assert_eq!(check(wrong), None, "{wrong}");
    }
    for wrong in ["https://u@a.test", "https://a.test?x", "https://a_\u{7f}.test", "https://[::g]", "null"] {
        assert_eq!(check(wrong), None, "{wrong}");
    }
}

#[test]
fn feeding_lists_are_mail_addresses() {
    let check = |value: &str| definition("feeding_lists").unwrap().check(value).ok();
    assert_eq!(check(" dev@Lists.test , b@lists.test,").as_deref(), Some("dev@Lists.test,b@lists.test"));
    assert_eq!((check("").as_deref(), check("notanaddr"), check("a@b.test, x")), (Some(""), None, None));
}
