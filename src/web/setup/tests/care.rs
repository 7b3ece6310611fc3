//! What a desk is looked after with: backups, the check, imports, the record of mails.
#![allow(clippy::unwrap_used)]

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use super::super::shelf::key_of;
use super::*;
use crate::store::errand::{ErrandKind, Outcome};

/// A desk whose long work is begun by writing down what it is, and never ends by itself.
struct Cared {
    desk: Desk,
    folder: tempfile::TempDir,
    begun: Arc<Mutex<Vec<Work>>>,
}

impl Cared {
    fn new() -> Self {
        let (mut desk, folder) = (Desk::new(), tempfile::tempdir().unwrap());
        let begun: Arc<Mutex<Vec<Work>>> = Arc::default();
        let noted = Arc::clone(&begun);
        let start = move |work: Work| {
            if work.kind == ErrandKind::Backup {
                std::fs::write(work.arguments.last().unwrap(), b"the whole desk").unwrap();
            }
            noted.lock().unwrap().push(work);
            Ok(())
        };
        let ask = |words: &[String]| Ok(format!("asked {}", words.join(" ")));
        let tools = Tools { ask: Box::new(ask), start: Box::new(start), ..tools(folder.path()) };
        desk.web.tools = Some(tools);
        Self { desk, folder, begun }
    }

    fn newest(&self) -> Work {
        self.begun.lock().unwrap().last().unwrap().clone()
    }

    fn end(&self, said: &str) {
        let work = self.newest();
        let outcome = Outcome { is_done: true, said };
        self.desk.web.store.write(|tx| tx.end_errand(work.kind, work.run, &outcome, NOW)).unwrap();
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

fn has_event(desk: &Desk, kind: &str, detail: &str) -> bool {
    let events = desk.web.store.read(|tx| tx.events_before(0, 50)).unwrap();
    events.iter().any(|event| event.kind == kind && event.detail.starts_with(detail) && event.door == "web")
}

#[test]
fn a_backup_is_made_listed_handed_out_and_removed() {
    let cared = Cared::new();
    let ada = cared.desk.browser(cared.desk.admin);
    assert_eq!(done(&ada, "/staff/setup/backups", "do=begin"), "/staff/setup/backups?done=started");
    let work = cared.newest();
    let file = PathBuf::from(&work.arguments[1]);
    let name = file.file_name().unwrap().to_str().unwrap().to_owned();
    assert_eq!(name, "maildesk-2027-01-15T080000.db");
    assert_eq!((work.arguments[0].as_str(), file.parent().unwrap()), ("backup", cared.path("backup").as_path()));
    assert_eq!(done(&ada, "/staff/setup/backups", "do=begin"), "/staff/setup/backups?done=running", "one at a time");
    let running = page(&ada, "/staff/setup/backups?done=started");
    assert!(running.contains("running since") && running.contains("data-again"), "{running}");
    cared.end("made it");
    let list = page(&ada, "/staff/setup/backups");
    assert!(list.contains("made it") && !list.contains("data-again") && list.contains(&name), "{list}");
    assert!(list.contains(&format!("admin restore {}", file.display())), "the command to put it back");
    let path = |deed: &str| format!("/staff/setup/backups/{deed}/{}", key_of(&name));
    let handed = ada.post(&path("file"), "do=download");
    assert_eq!(handed.status(), 200);
    assert_eq!(handed.pieces().unwrap().read(0).unwrap(), b"the whole desk");
    assert!(handed.header("Content-Disposition").unwrap().starts_with("attachment; filename*=UTF-8''maildesk"));
    assert_eq!(ada.get(&path("file")).status(), 404, "another site's link fetches none");
    assert_eq!(ada.post_as(&path("file"), "do=download", "cross-site").status(), 403);
    assert!(
        has_event(&cared.desk, "started", "backup maildesk-2027") && has_event(&cared.desk, "handed-out", "backup")
    );
    assert!(page(&ada, &path("remove")).contains(&name));
    done(&ada, &path("remove"), "do=remove");
    assert!(!file.exists() && has_event(&cared.desk, "removed", "backup maildesk-2027"));
}

#[test]
fn only_backups_in_their_folder_are_handed_out() {
    let cared = Cared::new();
    let ada = cared.desk.browser(cared.desk.admin);
    std::fs::create_dir(cared.path("backup")).unwrap();
    std::fs::write(cared.path("secret.db"), "x").unwrap();
    std::fs::write(cared.path("backup/secret.txt"), "x").unwrap();
    std::os::unix::fs::symlink(cared.path("secret.db"), cared.path("backup/link.db")).unwrap();
    for name in ["../secret.db", "secret.txt", "link.db", "nothing.db", ""] {
        for deed in ["file", "remove"] {
            let path = format!("/staff/setup/backups/{deed}/{}", key_of(name));
            assert_eq!(ada.post(&path, "do=download").status(), 404, "{deed} {name}");
        }
    }
    assert!(cared.path("secret.db").exists() && cared.path("backup/secret.txt").exists());
}

#[test]
fn who_does_not_see_all_gets_neither_backups_nor_imports() {
    let cared = Cared::new();
    let may = StaffChange { has_setup: Some(true), ..StaffChange::default() };
    cared.desk.web.store.write(|tx| tx.update_staff(cared.desk.agent, &may)).unwrap();
    let abe = cared.desk.browser(cared.desk.agent);
    for path in ["/staff/setup/backups", "/staff/setup/import", "/staff/setup/mails/new"] {
        assert_eq!(abe.get(path).status(), 403, "{path}");
        assert_eq!(abe.post(path, "do=begin").status(), 403, "{path}");
    }
    let menu = page(&abe, "/staff/setup/check");
    assert!(menu.contains("/staff/setup/mails") && !menu.contains("/staff/setup/backups"), "{menu}");
    assert!(cared.begun.lock().unwrap().is_empty());
}

#[test]
fn the_check_runs_apart_and_its_findings_are_shown_as_text() {
    let cared = Cared::new();
    let ada = cared.desk.browser(cared.desk.admin);
    done(&ada, "/staff/setup/check", "do=begin");
    assert_eq!((cared.newest().kind, cared.newest().arguments), (ErrandKind::Check, vec!["check".to_owned()]));
    cared.end("faulty <b>structure</b>");
    let found = page(&ada, "/staff/setup/check");
    assert!(found.contains("faulty &#60;b&#62;structure") && found.contains("admin check --fix"), "{found}");
    assert_eq!(ada.post("/staff/setup/check", "do=fix").status(), 400);
}

#[test]
fn an_import_takes_only_what_was_uploaded() {
    let cared = Cared::new();
    let ada = cared.desk.browser(cared.desk.admin);
    let upload = |files: &[(&str, &str)]| {
        let mut body = format!("--x\r\nContent-Disposition: form-data; name=\"form_token\"\r\n\r\n{}\r\n", ada.token);
        for (name, content) in files {
            let head = "--x\r\nContent-Disposition: form-data; name=\"files\"; filename=";
            body.push_str(&format!("{head}\"{name}\"\r\n\r\n{content}\r\n"));
        }
        body.push_str("--x\r\nContent-Disposition: form-data; name=\"do\"\r\n\r\nupload\r\n--x--\r\n");
        let request = Request::new(Method::Post, "/staff/setup/import")
            .with_header("Content-Type", "multipart/form-data; boundary=x")
            .with_header("Sec-Fetch-Site", "same-origin")
            .with_body(body);
        ada.ask(request)
    };
    assert_eq!(upload(&[]).status(), 422, "no file");
    assert_eq!(upload(&[("dump.sql", "SQL"), ("../1_abc", "a file"), ("old.mbox", "From x")]).status(), 303);
    let read = |name: &str| std::fs::read_to_string(cared.path(name)).unwrap();
    assert_eq!((read("import/dump.sql").as_str(), read("import/attachments/1_abc").as_str()), ("SQL", "a file"));
    let list = page(&ada, "/staff/setup/import");
    assert!(list.contains("dump.sql") && list.contains("old.mbox") && !list.contains("1_abc"), "{list}");
    let edit = |name: &str| format!("/staff/setup/import/edit/{}", key_of(name));
    assert!(page(&ada, &edit("dump.sql")).contains("Only look"));
    done(&ada, &edit("dump.sql"), "do=look");
    let (dump, attachments) = (cared.path("import/dump.sql"), cared.path("import/attachments"));
    let line = format!("import helpdeskz {} --attachments {} --dry-run", dump.display(), attachments.display());
    assert_eq!(cared.newest().arguments.join(" "), line);
    cared.end("would be in");
    done(&ada, &edit("dump.sql"), "do=import");
    assert_eq!(cared.newest().arguments.join(" "), line.replace(" --dry-run", ""));
    cared.end("are in");
    assert_eq!(ada.post(&edit("old.mbox"), "do=import&address=--help").status(), 422, "an address of another desk");
    done(&ada, &edit("old.mbox"), "do=import&address=one%40desk.test");
    assert!(cared.newest().arguments.ends_with(&["--address".to_owned(), "one@desk.test".to_owned()]));
    for name in ["../dump.sql", "1_abc", "attachments/1_abc"] {
        assert_eq!(ada.post(&edit(name), "do=import").status(), 404, "{name}");
    }
    done(&ada, &format!("/staff/setup/import/remove/{}", key_of("dump.sql")), "do=remove");
    assert!(!dump.exists());
}

#[test]
fn mails_are_found_shown_and_kept_from_other_departments() {
    let cared = Cared::new();
    let (first, second) = (cared.desk.mail("one@desk.test", "Lamp", 1), cared.desk.mail("two@desk.test", "Printer", 2));
    let ada = cared.desk.browser(cared.desk.admin);
    let may = StaffChange { has_setup: Some(true), ..StaffChange::default() };
    cared.desk.web.store.write(|tx| tx.update_staff(cared.desk.agent, &may)).unwrap();
    let abe = cared.desk.browser(cared.desk.agent);
    let shown = |browser: &Browser<'_>, query: &str| {
        let list = page(browser, &format!("/staff/setup/mails{query}"));
        (list.contains("<bdi>Lamp</bdi>"), list.contains("<bdi>Printer</bdi>"))
    };
    for (query, expected) in [
        ("", (true, true)),
        ("?q=ANN1", (true, false)),
        ("?q=%3C2%40x.test%3E", (false, true)),
        ("?q=two%40desk", (false, true)),
        ("?q=nothing", (false, false)),
        ("?state=stored&q=lamp", (true, false)),
        ("?state=dropped", (false, false)),
        ("?before=2", (true, false)),
    ] {
        assert_eq!(shown(&ada, query), expected, "{query}");
    }
    assert_eq!(shown(&abe, ""), (true, false), "an agent of the first department");
    let one = page(&ada, "/staff/setup/mails/edit/2");
    assert!(one.contains("asked mail show 2") && one.contains("2@x.test") && one.contains(&format!("view/{second}")));
    assert!(text(&ada.post("/staff/setup/mails/edit/2", "do=again")).contains("asked mail retry 2 --dry-run"));
    let raw = ada.get("/staff/setup/mails/file/2");
    assert!(text(&raw).starts_with("From: Ann <ann2@x.test>"), "{}", text(&raw));
    assert!(raw.header("Content-Disposition").unwrap().starts_with("attachment"));
    assert_eq!(abe.get(&format!("/staff/setup/mails/edit/{first}")).status(), 200);
    for path in ["/staff/setup/mails/edit/2", "/staff/setup/mails/file/2", "/staff/setup/mails/edit/99"] {
        assert_eq!(abe.get(path).status(), 404, "{path}");
    }
    assert_eq!(ada.post("/staff/setup/mails/new", "do=reread&since=yesterday").status(), 422);
    done(&ada, "/staff/setup/mails/new", "do=reread&since=2026-02-28");
    assert_eq!(cared.newest().arguments.join(" "), "mail reread --since 2026-02-28");
    assert!(page(&ada, "/staff/setup/mails/new").contains("running since"));
}

#[test]
fn a_mailbox_is_signed_in_to_by_oauth_and_its_secrets_stay_with_their_endpoint() {
    let cared = Cared::new();
    let ada = cared.desk.browser(cared.desk.admin);
    let form = "email=box%40desk.test&name=Box&department=1&incoming=imap&imap_host=imap.test&imap_user=box&imap_folders=INBOX\
                &imap_after=seen&outgoing=none&imap_auth=xoauth2&oauth_url=https%3A%2F%2Flogin.test%2Ftoken\
                &oauth_client=us&oauth_scope=mail";
    done(&ada, "/staff/setup/email-addresses/new", &format!("{form}&oauth_secret=hush&oauth_refresh=again&do=save"));
    let stored = || {
        let all = cared.desk.web.store.read(|tx| tx.addresses()).unwrap();
        all.into_iter().find(|(_, row)| row.email == "box@desk.test").unwrap()
    };
    let (id, row) = stored();
    let options: serde_json::Value = serde_json::from_str(&row.imap_options).unwrap();
    let file = |name: &str| std::fs::read_to_string(options[name].as_str().unwrap()).unwrap();
    assert_eq!((file("oauth_secret_file").as_str(), file("oauth_refresh_file").as_str()), ("hush", "again"));
    assert_eq!((row.imap_auth.word(), options["oauth_url"].as_str()), ("xoauth2", Some("https://login.test/token")));
    let path = format!("/staff/setup/email-addresses/edit/{id}");
    let shown = page(&ada, &path);
    assert!(shown.contains("https://login.test/token") && !shown.contains("hush") && !shown.contains("\"again"));
    let elsewhere = form.replace("login.test", "thief.test");
    for deed in ["save", "test"] {
        assert_eq!(ada.post(&path, &format!("{elsewhere}&do={deed}")).status(), 422, "{deed}");
    }
    assert_eq!(stored().1, row, "nothing changed");
    done(&ada, &path, &format!("{}&do=save", form.replace("name=Box", "name=Mailbox")));
    assert_eq!(stored().1.imap_options, row.imap_options);
    let none = form.replace("https%3A%2F%2Flogin.test%2Ftoken", "").replace("xoauth2", "password");
    done(&ada, &path, &format!("{none}&do=save"));
    assert!(!stored().1.imap_options.contains("_file"), "{}", stored().1.imap_options);
}
