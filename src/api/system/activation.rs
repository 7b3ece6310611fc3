//! `/activate/CODE`: the page behind the link that confirms a mail address.
//!
//! Opening the link changes nothing, because programs that scan mail open every link; the button on
//! the page does. No script, nothing loaded, and the code is the only thing that lets anybody in.

use std::sync::OnceLock;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use crate::api::Api;
use crate::api::access::token_hash;
use crate::api::error::ApiError;
use crate::api::route::ActivationCode;
use crate::domain::{Timestamp, Window};
use crate::http::Response;
use crate::mail::html::escape;
use crate::store::customer::Activation;
use crate::store::{self, ReadTx};

/// The path of a link in an activation mail.
pub(in crate::api) const PATH: &str = "/activate/{code}";

/// How long a link holds, in seconds: 7 days, as its page says.
const LINK_HOLDS_S: i64 = 7 * Timestamp::DAY_S;

/// Longest code looked at, in bytes. Chosen: ours have 64.
const CODE_BYTES_MAX: usize = 128;

const STYLE: &str = "body{font:18px/1.5 system-ui,sans-serif;max-width:34rem;margin:12vh auto;padding:0 1.5rem;color:#222;background:#fff}\
                     h1{font-size:1.5rem}button{font:inherit;padding:.6rem 1.4rem;border:0;border-radius:.4rem;background:#14532d;color:#fff}\
                     button:focus-visible{outline:3px solid #888}";

/// What a code is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum LinkState {
    Open(Activation),
    Used,
    Expired,
    Unknown,
}

fn link_state(tx: &ReadTx<'_>, code: &ActivationCode, now: Timestamp) -> store::Result<LinkState> {
    if code.as_str().len() > CODE_BYTES_MAX {
        return Ok(LinkState::Unknown);
    }
    // Found by its hash, so the time it takes reveals nothing about codes that exist.
    let Some(activation) = tx.activation(&token_hash(code.as_str()))? else { return Ok(LinkState::Unknown) };
    Ok(match activation.mailed_at {
        None => LinkState::Used,
        // One that is dated later than now was mailed by a clock that was ahead: it would hold as much longer.
        Some(mailed_at) if now > mailed_at.plus_s(LINK_HOLDS_S) || mailed_at > now.plus_s(Window::AHEAD_S) => {
            LinkState::Expired
        }
        Some(_) => LinkState::Open(activation),
    })
}

/// `GET /activate/CODE`
pub(in crate::api) fn show(api: &Api, code: &ActivationCode, now: Timestamp) -> Response {
    answered(api.store.read(|tx| {
        let link_state = link_state(tx, code, now)?;
        Ok(page(link_state, &tx.settings()?.site_name))
    }))
}

/// `POST /activate/CODE`
pub(in crate::api) fn confirm(api: &Api, code: &ActivationCode, now: Timestamp) -> Response {
    // A code that is no good must not take the write lock: anybody can send those.
    let before = api.store.read(|tx| Ok((link_state(tx, code, now)?, tx.settings()?)));
    let (standing_before, settings) = match before {
        Ok(before) => before,
        Err(error) => return answered(Err(error)),
    };
    let site = &settings.site_name;
    if !matches!(standing_before, LinkState::Open(_)) {
        return page(standing_before, site);
    }
    answered(api.store.write(|tx| {
        let link_state = link_state(tx, code, now)?;
        let LinkState::Open(activation) = link_state else { return Ok(page(link_state, site)) };
        tx.activate(activation.customer, now)?;
        let text = "Thank you. Your mail address is confirmed, and you can close this page.";
        Ok(document(200, site, "Your address is confirmed", text, ""))
    }))
}

fn answered(done: store::Result<Response>) -> Response {
    done.unwrap_or_else(|error| {
        let error = ApiError::from(error);
        error.log();
        let status = error.status();
        document(status, "", "This does not work just now", "Please open the link again in a few minutes.", "")
    })
}

fn page(link_state: LinkState, site: &str) -> Response {
    const BUTTON: &str = "<form method=\"post\"><button type=\"submit\">Confirm my address</button></form>";
    match link_state {
        LinkState::Open(_) => {
            let text = "Press the button to confirm that the address this link was mailed to is yours.";
            document(200, site, "Confirm your mail address", text, BUTTON)
        }
        LinkState::Used => {
            let text = "The address is confirmed already; there is nothing more to do.";
            document(410, site, "This link was used before", text, "")
        }
        LinkState::Expired => {
            let text = "It was good for 7 days. Please ask us for a new one.";
            document(410, site, "This link has expired", text, "")
        }
        LinkState::Unknown => {
            let text = "It may be incomplete, or a newer one was mailed since. Please open the whole link of the \
                        newest mail.";
            document(404, site, "This link is not known", text, "")
        }
    }
}

fn document(status: u16, site: &str, title: &str, text: &str, form: &str) -> Response {
    static POLICY: OnceLock<String> = OnceLock::new();
    let policy = POLICY.get_or_init(|| {
        let style = STANDARD.encode(Sha256::digest(STYLE));
        format!(
            "default-src 'none'; style-src 'sha256-{style}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        )
    });
    let page = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title>\
         <meta name=\"viewport\" content=\"width=device-width\"><meta name=\"robots\" content=\"noindex\">\
         <style>{STYLE}</style></head>\n<body><main><p>{}</p><h1>{title}</h1><p>{text}</p>{form}</main></body></html>\n",
        escape(site),
    );
    Response::html(status, page)
        .with_header("Content-Security-Policy", policy)
        .with_header("Referrer-Policy", "no-referrer")
}
