//! Notes which commit a release is built from, for `maildesk --version`, and says how the program is linked.

use std::process::Command;

fn main() {
    println!("cargo::rerun-if-env-changed=MAILDESK_COMMIT");
    // While working on maildesk every commit would build it again; only what others get says where it is from.
    let is_release = std::env::var("PROFILE").is_ok_and(|profile| profile == "release");
    let named = std::env::var("MAILDESK_COMMIT").ok().filter(|commit| !commit.is_empty());
    let commit = named.or_else(|| if is_release { commit() } else { None });
    println!("cargo::rustc-env=MAILDESK_COMMIT={}", commit.unwrap_or_default());
    link();
}

/// At a fixed address the dynamic loader has no addresses to write into the program: 27,000 of them, on a hundred pages, were
/// a tenth of the work of `maildesk pipe`. Libraries, heap and stack stay at random addresses.
///
/// Without a loader at all (`-C target-feature=+crt-static -C relocation-model=static`, the same objects, in pairs):
/// `maildesk --version` takes 1.2 ms of processor time instead of 1.7, and `pipe` with a small mail 3 % less. It was not
/// taken: glibc finds hosts by plug-ins (NSS) that a static program can only load from the very glibc it was built with,
/// and a mend of the resolver would reach nobody before a new maildesk. musl finds hosts by itself, but would need an
/// OpenSSL of our own, whose mends Debian does not bring.
fn link() {
    let of = |name: &str| std::env::var(format!("CARGO_CFG_TARGET_{name}")).unwrap_or_default();
    if of("OS") == "linux" && of("ENV") == "gnu" {
        println!("cargo::rustc-link-arg-bin=maildesk=-no-pie");
    }
}

/// The commit that is checked out; `None` in a source archive.
fn commit() -> Option<String> {
    let ask = |arguments: &[&str]| {
        let said = Command::new("git").args(arguments).output().ok().filter(|said| said.status.success())?;
        Some(String::from_utf8(said.stdout).ok()?.trim().to_owned()).filter(|text| !text.is_empty())
    };
    for name in ["HEAD", "logs/HEAD"] {
        let path = ask(&["rev-parse", "--git-path", name])?;
        if std::path::Path::new(&path).exists() {
            println!("cargo::rerun-if-changed={path}");
        }
    }
    ask(&["rev-parse", "--short=12", "HEAD"])
}
