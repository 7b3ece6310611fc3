//! Mails that cannot be read, and rehearsals.

use super::*;

pub(super) const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);
const MAIL: &[u8] = b"From: ann@example.org\nTo: support@example.com\nSubject: Hi\nMessage-ID: <a@b>\n\nHello\n";

pub(super) fn desk() -> (tempfile::TempDir, Store) {
    let dir = tempfile::tempdir().unwrap();
    let store = crate::store::testing::desk(dir.path(), NOW);
    (dir, store)
}

pub(super) fn envelope(source: Source) -> Envelope {
    Envelope { recipients: vec!["support@example.com".to_owned()], sender: None, source, whole: None }
}

pub(super) fn rules() -> Rules {
    Rules { limits: Limits::default() }
}

#[test]
fn raw_mails_of_every_size_come_back_as_they_were() {
    let (small, large) = (1 << RAW_MAIL_TABLE_LOG_MIN, 1 << RAW_MAIL_TABLE_LOG_MAX);
    for bytes in [0, 1, 2, small - 1, small, small + 1, large - 1, large, large + 1, 1_000_000] {
        let raw: Vec<u8> = (0..bytes).map(|n| b"A mail of some words, again and again. "[n % 39]).collect();
        let packed = compressed(&raw).unwrap();
        assert_eq!(decompress(&packed).unwrap(), raw, "{bytes} bytes");
        assert!(bytes < 1000 || packed.len() < bytes / 5, "{bytes} bytes are {} packed", packed.len());
    }
}

#[test]
fn mail_that_panics_the_parser_is_kept_raw_and_can_be_tried_again() {
    let (_dir, store) = desk();
    let piped = envelope(Source::Pipe);
    let incoming = read(&rules(), &piped, MAIL, |_, _| panic!("a bug in a dependency")).unwrap();
    let delivery = take_in(&store, &incoming, MAIL.into(), NOW).unwrap();
    assert_eq!((delivery.outcome, delivery.reason.as_str()), (Outcome::Quarantined, "unreadable"));
    let receipt = store.read(|tx| tx.receipts(None, 10)).unwrap().remove(0);
    let raw = store.read(|tx| tx.raw_mail(receipt.id)).unwrap().unwrap();
    assert_eq!(decompress(&raw).unwrap(), MAIL);

    let again = deliver(&store, &rules(), &envelope(Source::Retry(receipt.id)), MAIL, NOW).unwrap();
    assert_eq!(again.outcome, Outcome::Opened);
    let events = store.read(|tx| tx.events_of_ticket(again.ticket.unwrap())).unwrap();
    let last = events.last().unwrap();
    assert_eq!((last.kind.as_str(), last.door.as_str()), ("let-in", "command-line"), "{events:?}");
    let redelivered = deliver(&store, &rules(), &piped, MAIL, NOW).unwrap();
    assert_eq!(redelivered.outcome, Outcome::Duplicate);
    assert_eq!(store.read(|tx| tx.receipts(None, 10)).unwrap().len(), 1);
}

#[test]
fn rehearsal_changes_nothing() {
    let (_dir, store) = desk();
    let shown = rehearse(&store, &rules(), &envelope(Source::Pipe), MAIL, NOW).unwrap();
    assert_eq!(shown.outcome, Outcome::Opened);
    assert_eq!(store.read(|tx| tx.receipts(None, 10)).unwrap().len(), 0);
}

#[test]
fn mails_that_begin_alike_stay_two_and_those_recorded_by_their_beginning_stay_known() {
    let (_dir, store) = desk();
    let rules = Rules { limits: Limits { raw_bytes_max: MAIL.len(), ..Limits::default() } };
    let take = |rest: &str, is_hashed: bool| {
        let mail = [MAIL, rest.as_bytes()].concat();
        let (raw, mut rest) = mail.split_at(MAIL.len() + 1);
        let whole = is_hashed.then(|| whole_of(raw, &mut rest).unwrap());
        let envelope = Envelope { whole, ..envelope(Source::Pipe) };
        deliver(&store, &rules, &envelope, raw, NOW).unwrap().outcome
    };
    assert_eq!(take("x first", false), Outcome::Opened, "as it was recorded before all of a mail was hashed");
    assert_eq!(take("x first", true), Outcome::Duplicate);
    for end in ["y first", "y second"] {
        assert_ne!(take(end, true), Outcome::Duplicate, "{end}");
        assert_eq!(take(end, true), Outcome::Duplicate, "{end}");
    }
    // Looked at again, such a mail keeps what it is known by.
    let last = store.read(|tx| tx.receipts(None, 10)).unwrap().remove(0);
    assert_eq!(last.bytes, i64::try_from(MAIL.len() + "y second".len()).unwrap());
    store.write(|tx| tx.settle_receipt(last.id, ReceiptState::Quarantined, Reason::Unreadable, None)).unwrap();
    let raw = decompress(&store.read(|tx| tx.raw_mail(last.id)).unwrap().unwrap()).unwrap();
    let again = deliver(&store, &rules, &envelope(Source::Retry(last.id)), raw, NOW).unwrap();
    assert_ne!(again.outcome, Outcome::Duplicate);
    assert_eq!(take("y second", true), Outcome::Duplicate);
}
