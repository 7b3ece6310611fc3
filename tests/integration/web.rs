//! The pages that people open, in a real browser.

use crate::browser::Browser;
use crate::dialects::{REGISTER, link, mailing, verified};
use crate::mta::skip;
use crate::smtp_sink::{Play, Sink};

#[test]
fn the_link_is_confirmed_in_a_browser_without_javascript() {
    let sink = Sink::start(&[Play::Take]);
    let (desk, server) = mailing(&sink);
    let Some(browser) = Browser::start(&desk.path("")) else {
        return skip("/usr/bin/chromedriver is missing (Debian: chromium-driver)");
    };
    assert_eq!(server.post(REGISTER, "email=jay%40client.test&first_name=Jay&last_name=Kamat").status, 200);
    let url = format!("http://{}{}", server.address, link(&sink, "jay@client.test"));
    browser.open(&url);
    browser.expect("Confirm your mail address");
    assert!(!verified(&desk, "jay@client.test"));
    let button = browser.elements("button").remove(0);
    browser.click(&button);
    browser.expect("Your address is confirmed");
    assert!(verified(&desk, "jay@client.test"));
    browser.open(&url);
    browser.expect("This link was used before");
    assert!(browser.elements("button").is_empty());
}
