//! Accounts of this machine, as passwd(5) lists them.

use std::fs;

/// An account: its name, user and group id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Account {
    pub(crate) name: String,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
}

/// The account of that name.
#[must_use]
pub(crate) fn named(name: &str) -> Option<Account> {
    find(&list(), |account| account.name == name)
}

/// The name of the account with that user id.
#[must_use]
pub(crate) fn name_of(uid: u32) -> Option<String> {
    find(&list(), |account| account.uid == uid).map(|account| account.name)
}

fn list() -> String {
    fs::read_to_string("/etc/passwd").unwrap_or_default()
}

fn find(passwd: &str, is_it: impl Fn(&Account) -> bool) -> Option<Account> {
    passwd.lines().filter_map(account).find(is_it)
}

fn account(line: &str) -> Option<Account> {
    let mut fields = line.split(':');
    let name = fields.next()?.to_owned();
    Some(Account { name, uid: fields.nth(1)?.parse().ok()?, gid: fields.next()?.parse().ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_are_read_from_passwd() {
        let passwd = "root:x:0:0:root:/root:/bin/sh\ndesk:x:998:997::/var/lib/maildesk:/usr/sbin/nologin\n";
        let of = |name: &str| find(passwd, |account| account.name == name).map(|account| (account.uid, account.gid));
        assert_eq!((of("desk"), of("des")), (Some((998, 997)), None));
        assert_eq!(find(passwd, |account| account.uid == 998).map(|account| account.name).as_deref(), Some("desk"));
    }
}
