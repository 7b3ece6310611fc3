//! What an agent may set up who sees some departments only: nothing that gives more than they have.

use super::*;
use crate::desk::Change;
use crate::domain::staff_role::StaffRole;
use crate::domain::{Actor, Door};

/// A desk whose agent of the first department may set up.
fn desk() -> Desk {
    let desk = Desk::new();
    let may = StaffChange { has_setup: Some(true), ..StaffChange::default() };
    desk.web.store.write(|tx| tx.update_staff(desk.agent, &may)).unwrap();
    desk
}

/// Everything that says who may what, to be compared.
fn rights(desk: &Desk) -> String {
    desk.web
        .store
        .read(|tx| {
            let staff = tx.all_staff()?;
            let departments: Vec<_> =
                staff.iter().map(|one| tx.staff_departments(one.id)).collect::<Result<_, crate::store::Error>>()?;
            let addresses: Vec<_> = tx.addresses()?.into_iter().map(|(_, row)| (row.email, row.department)).collect();
            let tokens = tx.tokens()?.len();
            let customers: Vec<_> = tx.customers_like("", 10)?.into_iter().map(|one| one.email).collect();
            Ok::<_, crate::store::Error>(format!(
                "{staff:?} {departments:?} {addresses:?} {tokens} {customers:?} {:?}",
                (tx.setting_texts()?, tx.departments()?)
            ))
        })
        .unwrap()
}

#[test]
fn nobody_gives_rights_that_they_do_not_have() {
    let desk = desk();
    desk.mail("two@desk.test", "Theirs", 1);
    let own = desk.mail("one@desk.test", "Ours", 2);
    let customer_of = |id| desk.web.store.read(|tx| tx.ticket(id)).unwrap().unwrap().customer;
    let (abe, admin, agent) = (desk.browser(desk.agent), desk.admin, desk.agent);
    let account = "name=Abe&email=abe%40desk.test&setup=1&active=1&do=save";
    let new = "username=eve&name=Eve&email=eve%40desk.test&active=1&password=long-enough&do=save";
    let address = "name=Two&incoming=pipe&outgoing=none&do=save";
    let before = rights(&desk);
    for (path, form, status) in [
        (format!("/staff/agents/edit/{agent}"), format!("{account}&role=admin&departments=1"), 422),
        (format!("/staff/agents/edit/{agent}"), format!("{account}&role=agent&departments=1&all=1"), 422),
        (format!("/staff/agents/edit/{agent}"), format!("{account}&role=agent&departments=1&departments=2"), 422),
        ("/staff/agents/new".to_owned(), format!("{new}&role=admin"), 422),
        ("/staff/agents/new".to_owned(), format!("{new}&role=agent&all=1"), 422),
        ("/staff/agents/new".to_owned(), format!("{new}&role=agent&departments=2"), 422),
        (format!("/staff/agents/edit/{admin}"), format!("{account}&role=admin&password=long-enough"), 403),
        (format!("/staff/agents/edit/{admin}"), "do=totp-on".to_owned(), 403),
        (format!("/staff/agents/edit/{admin}"), "do=totp-off".to_owned(), 403),
        (format!("/staff/agents/edit/{admin}"), "do=codes".to_owned(), 403),
        (format!("/staff/agents/remove/{admin}"), "do=remove".to_owned(), 403),
        ("/staff/departments/edit/2".to_owned(), "name=x&do=save".to_owned(), 403),
        ("/staff/departments/remove/2".to_owned(), "do=remove".to_owned(), 403),
        (
            "/staff/setup/email-addresses/edit/2".to_owned(),
            format!("{address}&email=two%40desk.test&department=1"),
            403,
        ),
        ("/staff/setup/email-addresses/remove/2".to_owned(), "do=remove".to_owned(), 403),
        (
            "/staff/setup/email-addresses/edit/1".to_owned(),
            format!("{address}&email=one%40desk.test&department=2"),
            422,
        ),
        (
            "/staff/setup/email-addresses/new".to_owned(),
            format!("{address}&email=new%40desk.test&department=1&default=1"),
            422,
        ),
        ("/staff/users/edit/1".to_owned(), "name=x&email=abe%40x.test&do=save".to_owned(), 403),
        ("/staff/users/remove/1".to_owned(), "do=remove".to_owned(), 403),
        (format!("/staff/users/edit/{}", customer_of(own)), "name=x&email=boss%40x.test&do=save".to_owned(), 422),
        (format!("/staff/users/edit/{}", customer_of(own)), "do=merge-yes&into=ann1%40x.test".to_owned(), 422),
        ("/staff/setup/api/new".to_owned(), "name=x&everything=1&active=1&do=save".to_owned(), 403),
        ("/staff/setup/api/new".to_owned(), "name=x&permissions=tickets%2Fread&active=1&do=save".to_owned(), 403),
        ("/staff/setup/webhooks/new".to_owned(), "name=x&url=https%3A%2F%2Fx.test&everything=1".to_owned(), 403),
        ("/staff/setup/general".to_owned(), "site_url=https%3A%2F%2Fevil.test".to_owned(), 403),
        ("/staff/setup/email-templates/edit/autoresponse".to_owned(), "do=preview&ticket=1".to_owned(), 403),
        ("/staff/setup/backups".to_owned(), "do=backup".to_owned(), 403),
        ("/staff/setup/import".to_owned(), "do=upload".to_owned(), 403),
    ] {
        assert_eq!(abe.post(&path, &form).status(), status, "{path} {form}");
        assert_eq!(rights(&desk), before, "{path} {form}");
    }
}

#[test]
fn an_agent_sets_up_their_own_departments() {
    let desk = desk();
    let own = desk.mail("one@desk.test", "Ours", 2);
    let abe = desk.browser(desk.agent);
    let form =
        "username=eve&name=Eve&email=eve%40desk.test&role=agent&departments=1&setup=1&active=1&password=long-enough";
    done(&abe, "/staff/agents/new", &format!("{form}&do=save"));
    let eve = desk.web.store.read(|tx| tx.staff_by_username("eve")).unwrap().unwrap();
    assert!(eve.role == StaffRole::Agent && eve.has_setup && !eve.sees_all());
    done(&abe, &format!("/staff/agents/remove/{}", eve.id), "do=remove");
    done(&abe, "/staff/departments/new", "name=Third&do=save");
    let seen = desk.web.store.read(|tx| tx.staff_departments(desk.agent)).unwrap();
    assert_eq!(seen, [DepartmentId::new(1), DepartmentId::new(3)], "who makes a department sees it");
    let address = "name=One&email=one%40desk.test&department=3&incoming=pipe&outgoing=none&do=save";
    done(&desk.browser(desk.agent), "/staff/setup/email-addresses/edit/1", address);
    let customer = desk.web.store.read(|tx| tx.ticket(own)).unwrap().unwrap().customer;
    done(&abe, &format!("/staff/users/edit/{customer}"), "name=Anna&email=ann2%40x.test&do=save");
    let general = page(&abe, "/staff/setup/general");
    assert!(
        general.contains("<fieldset class=\"stack\" disabled>") && !general.contains("value=\"save\""),
        "{general}"
    );
    let agents = page(&abe, "/staff/agents");
    assert!(
        agents.contains(&format!("/edit/{}\"", desk.agent)) && !agents.contains(&format!("/edit/{}\"", desk.admin))
    );
    assert!(!agents.contains("/staff/setup/api"), "{agents}");
}

#[test]
fn the_record_shows_changes_of_ones_own_departments() {
    let desk = desk();
    let (theirs, ours) = (desk.mail("two@desk.test", "Theirs", 1), desk.mail("one@desk.test", "Ours", 2));
    let (abe, ada) = (desk.browser(desk.agent), desk.browser(desk.admin));
    let shows = |browser: &Browser<'_>, id| page(browser, "/staff/setup/audit").contains(&format!("<bdi>#{id}</bdi>"));
    assert!(shows(&ada, theirs) && shows(&ada, ours));
    assert!(!shows(&abe, theirs) && shows(&abe, ours));
    assert!(page(&abe, "/staff/setup/audit").contains("Second"), "what was set up is everybody's who sets up");
    // Another department's changes do not end the list.
    let settings = desk.web.store.read(|tx| tx.settings()).unwrap();
    let many = desk.web.store.write(|tx| {
        let (change, ticket) = (Change::new(tx, &settings, Actor::Desk, Door::Jobs, NOW), tx.ticket(theirs)?.unwrap());
        (0..1001).try_for_each(|n| change.set_subject(&ticket, &format!("Theirs {n}")))
    });
    many.unwrap();
    let first = page(&abe, "/staff/setup/audit");
    assert!(!first.contains("Theirs") && !first.contains("<bdi>#"), "{first}");
    let older = first.split("/staff/setup/audit?before=").nth(1).unwrap().split('"').next().unwrap();
    assert!(page(&abe, &format!("/staff/setup/audit?before={older}")).contains(&format!("<bdi>#{ours}</bdi>")));
}
