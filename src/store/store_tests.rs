//! What holds for every verb: an error ends the transaction.

use super::*;
use crate::domain::Timestamp;

const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);

fn desk() -> (tempfile::TempDir, Store) {
    let dir = tempfile::tempdir().unwrap();
    let store = crate::store::testing::desk(dir.path(), NOW);
    (dir, store)
}

#[test]
fn nothing_is_committed_after_a_statement_failed_even_if_its_error_was_ignored() {
    let (_dir, store) = desk();
    let ann = "ann@client.test".parse().unwrap();
    let done = store.write(|tx| {
        tx.add_customer("Ann", &ann, NOW)?;
        assert!(matches!(tx.add_customer("Ann again", &ann, NOW), Err(Error::Taken(_))));
        Ok::<_, Error>(())
    });
    assert!(matches!(done, Err(Error::AfterFailure)), "{done:?}");
    assert!(store.read(|tx| tx.customer_by_email("ann@client.test")).unwrap().is_none(), "and so nothing is changed");
    store.write(|tx| tx.add_customer("Ann", &ann, NOW)).unwrap();
}

#[test]
fn no_statement_runs_after_one_that_failed() {
    let (_dir, store) = desk();
    let ann = "ann@client.test".parse().unwrap();
    let done = store.write(|tx| {
        tx.add_customer("Ann", &ann, NOW)?;
        tx.add_customer("Ann again", &ann, NOW).ok();
        tx.departments()
    });
    assert!(matches!(done, Err(Error::AfterFailure)), "{done:?}");
}
