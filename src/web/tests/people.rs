//! People who are offered while an address is typed.

use super::*;
use crate::domain::UserId;

fn people(browser: &Browser<'_>, typed: &str) -> Vec<String> {
    let answer = browser.get(&format!("/staff/tickets/create/to?q={typed}"));
    assert_eq!(answer.status(), 200, "{}", text(&answer));
    let found: serde_json::Value = serde_json::from_str(&text(&answer)).unwrap();
    found["people"].as_array().unwrap().iter().map(|one| one.as_str().unwrap().to_owned()).collect()
}

#[test]
fn customers_are_found_by_the_start_of_their_address_or_of_a_word_of_their_name() {
    let desk = Desk::new();
    let ada = desk.browser(desk.admin);
    let add = |name: &str, email: &str| -> UserId {
        desk.web.store.write(|tx| tx.add_customer(name, &email.parse().unwrap(), NOW)).unwrap()
    };
    add("Ann Ode", "ode@x.test");
    add("Zoë, of Lamps", "zoe@x.test");
    add("", "anton@y.test");
    // By address first.
    assert_eq!(people(&ada, "an"), ["anton@y.test"], "two letters are looked for in addresses alone");
    assert_eq!(people(&ada, "ANT"), ["anton@y.test"]);
    assert_eq!(people(&ada, "ann"), ["Ann Ode <ode@x.test>"]);
    assert_eq!(people(&ada, "ann+od"), ["Ann Ode <ode@x.test>"]);
    assert_eq!(people(&ada, "lamps"), ["\"Zoë, of Lamps\" <zoe@x.test>"]);
    assert_eq!(people(&ada, "ode%40x.test"), ["Ann Ode <ode@x.test>"], "once, however it is found");
    add("Jörg", "j@bücher.test");
    assert_eq!(people(&ada, "j%40b%C3%BCcher.test"), ["Jörg <j@xn--bcher-kva.test>"], "a domain as people write it");
    for nobody in ["", "a", "%25%25", "%22*", "!?", "nosuch"] {
        assert!(people(&ada, nobody).is_empty(), "{nobody}");
    }
    for n in 0..12 {
        add("Many", &format!("many{n}@x.test"));
    }
    assert_eq!(people(&ada, "many").len(), 10);
}

#[test]
fn an_agent_is_offered_customers_of_departments_that_he_sees() {
    let desk = Desk::new();
    desk.mail("one@desk.test", "Printer", 1);
    desk.mail("two@desk.test", "Lamp", 2);
    let (abe, ada) = (desk.browser(desk.agent), desk.browser(desk.admin));
    assert_eq!(people(&abe, "ann"), ["Ann <ann1@x.test>"]);
    assert_eq!(people(&ada, "ann"), ["Ann <ann1@x.test>", "Ann <ann2@x.test>"]);
}
