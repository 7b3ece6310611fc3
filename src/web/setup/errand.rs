//! Long work, such as a backup: it begins at the press of a button, goes on outside of requests, and its page says how far
//! it is and what came of it.

use crate::random;
use crate::store::errand::{Errand, ErrandKind, NewErrand, Outcome};
use crate::web::answer::Refusal;
use crate::web::call::Call;

/// Work that is on record and begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Work {
    /// What kind it is.
    pub(crate) kind: ErrandKind,
    /// Which run of that kind.
    pub(crate) run: i64,
    /// What follows `maildesk admin`.
    pub(crate) arguments: Vec<String>,
}

/// What a page shows of the newest work of its kind.
pub(super) struct Shown {
    /// How it stands, in words.
    pub(super) state: String,
    /// `running`, `good` or `bad`.
    pub(super) look: &'static str,
    /// How far it is, or what it printed, in the program's language.
    pub(super) said: String,
    /// Whether it is worth looking again soon.
    pub(super) is_running: bool,
}

/// Begins work; says whether it did, or one of its kind runs already.
pub(super) fn begin(call: &Call<'_>, kind: ErrandKind, detail: &str, arguments: Vec<String>) -> Result<bool, Refusal> {
    let tools = call.web.tools.as_ref().ok_or(Refusal::NotFound)?;
    let run = i64::from_be_bytes(random::bytes::<8>()?);
    if !call.write(|tx| Ok(tx.begin_errand(&NewErrand { kind, run, detail }, call.now)?))? {
        return Ok(false);
    }
    if let Err(why) = (tools.start)(Work { kind, run, arguments }) {
        call.write(|tx| Ok(tx.end_errand(kind, run, &Outcome { is_done: false, said: &why }, call.now)?))?;
    }
    Ok(true)
}

/// The newest work of a kind, as its page shows it.
pub(super) fn shown(call: &Call<'_>, kind: ErrandKind) -> Result<Option<Box<Shown>>, Refusal> {
    Ok(call.read(|tx| Ok(tx.errand(kind)?))?.map(|errand| Box::new(as_shown(call, errand))))
}

fn as_shown(call: &Call<'_>, errand: Errand) -> Shown {
    let is_running = errand.is_running(call.now);
    let (name, look, at) = match (is_running, errand.is_open(), errand.is_done) {
        (true, ..) => ("errand-running", "running", errand.started_at),
        (false, true, _) => ("errand-cut-off", "bad", errand.started_at),
        (false, false, true) => ("errand-done", "good", errand.ended_at),
        (false, false, false) => ("errand-failed", "bad", errand.ended_at),
    };
    let time = call.clock.time(at).full;
    let state = call.language.with(name, "time", time.as_str());
    let state = if errand.detail.is_empty() { state } else { format!("{}: {state}", errand.detail) };
    Shown { state, look, said: errand.said, is_running }
}
