//! Threading as mail programs do it, after Jamie Zawinski's description (jwz.org/doc/threading.html) without its last step:
//! no mail is joined to a thread by its subject, because ours have to hold together without that.

use std::collections::{BTreeMap, BTreeSet};

use crate::smtp_sink::header;

/// A mail, or the place of one that is named by others and not there, with what hangs below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Thread {
    id: String,
    is_there: bool,
    below: Vec<Thread>,
}

impl Thread {
    /// How many mails are in it.
    pub(crate) fn mails(&self) -> usize {
        usize::from(self.is_there) + self.below.iter().map(Self::mails).sum::<usize>()
    }

    /// How many mails hang below one another at the most.
    pub(crate) fn depth(&self) -> usize {
        usize::from(self.is_there) + self.below.iter().map(Self::depth).max().unwrap_or(0)
    }
}

/// The ids of the mails and of what they name, with the parents found so far.
#[derive(Default)]
struct Table {
    parents: BTreeMap<String, Option<String>>,
    there: BTreeSet<String>,
}

impl Table {
    fn is_above(&self, above: &str, id: &str) -> bool {
        let mut next = Some(id);
        while let Some(at) = next {
            if at == above {
                return true;
            }
            next = self.parents.get(at).and_then(Option::as_deref);
        }
        false
    }

    /// Hangs `id` below `parent` unless that would make a ring.
    fn link(&mut self, parent: &str, id: &str) {
        if !self.is_above(id, parent) {
            self.parents.insert(id.to_owned(), Some(parent.to_owned()));
        }
    }

    fn add(&mut self, mail: &str) {
        let mail = mail.replace("\r\n", "\n").replace('\n', "\r\n");
        let ids = |name: &str| -> Vec<String> {
            let value = header(&mail, name).unwrap_or_default();
            value.split(['<', '>']).map(str::trim).filter(|id| id.contains('@')).map(str::to_owned).collect()
        };
        let id = ids("Message-ID").first().cloned().expect("the mails of these tests have a Message-ID");
        let mut named = ids("References");
        if named.is_empty() {
            named = ids("In-Reply-To").into_iter().take(1).collect();
        }
        for name in named.iter().chain([&id]) {
            self.parents.entry(name.clone()).or_default();
        }
        for pair in named.windows(2) {
            // What earlier mails said of their own parents stands.
            if self.parents.get(&pair[1]).is_some_and(Option::is_none) {
                self.link(&pair[0], &pair[1]);
            }
        }
        // The mail itself knows best whom it answers.
        self.parents.insert(id.clone(), None);
        if let Some(last) = named.last() {
            self.link(last, &id);
        }
        self.there.insert(id);
    }

    fn below(&self, parent: Option<&str>) -> Vec<Thread> {
        let ids = self.parents.iter().filter(|(_, above)| above.as_deref() == parent);
        let mut found = Vec::new();
        for (id, _) in ids {
            let is_there = self.there.contains(id);
            let mut below = self.below(Some(id));
            // An empty place gives way to what hangs below it, but several roots stay together under it.
            if is_there || (parent.is_none() && below.len() > 1) {
                found.push(Thread { id: id.clone(), is_there, below });
            } else {
                found.append(&mut below);
            }
        }
        found
    }
}

/// The threads of these mails.
pub(crate) fn threads(mails: &[String]) -> Vec<Thread> {
    let mut table = Table::default();
    for mail in mails {
        table.add(mail);
    }
    table.below(None)
}

#[test]
fn mails_hang_by_references_and_not_by_subject() {
    let mail = |id: &str, references: &str| {
        format!("Message-ID: <{id}@x>\r\nSubject: same\r\nReferences: {references}\r\n\r\ntext\r\n")
    };
    let shape = |mails: &[String]| {
        let found = threads(mails);
        found.iter().map(|thread| (thread.mails(), thread.depth())).collect::<Vec<_>>()
    };
    assert_eq!(shape(&[mail("a", ""), mail("b", "<a@x>"), mail("c", "<a@x> <b@x>")]), [(3, 3)]);
    assert_eq!(shape(&[mail("a", ""), mail("b", "")]), [(1, 1), (1, 1)]);
    // Two answers to a mail that is not there stay together.
    assert_eq!(shape(&[mail("b", "<a@x>"), mail("c", "<a@x>")]), [(2, 1)]);
    // A ring hangs nobody.
    assert_eq!(shape(&[mail("a", "<b@x>"), mail("b", "<a@x>")]), [(2, 2)]);
}
