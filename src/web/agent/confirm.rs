//! A page that asks before something that reaches far, and then sends the same form again.

use askama::Template;

use super::frame_of;
use crate::http::Response;
use crate::web::answer::{self, Refusal};
use crate::web::call::Call;
use crate::web::ui::Ui;

#[derive(Template)]
#[template(path = "staff/confirm.html")]
struct Confirm {
    ui: Ui,
    question: String,
    button: String,
    /// Where it leads if the answer is no, without prefix.
    back: String,
    pairs: Vec<(String, String)>,
}

/// Whether the person has been asked and said yes.
pub(crate) fn is_sure(call: &Call<'_>) -> bool {
    call.form.get("sure") == "1"
}

/// Asks.
pub(crate) fn ask(call: &Call<'_>, question: String, button: String, back: String) -> Result<Response, Refusal> {
    let pairs = call.form.pairs().iter().filter(|(name, _)| name != "form_token" && name != "sure").cloned().collect();
    ask_with(call, question, button, back, pairs)
}

/// Asks, and sends these fields then.
pub(crate) fn ask_with(
    call: &Call<'_>,
    question: String,
    button: String,
    back: String,
    pairs: Vec<(String, String)>,
) -> Result<Response, Refusal> {
    let ui = call.read(|tx| frame_of(tx, call, None))?;
    Ok(answer::html_page(200, Confirm { ui, question, button, back, pairs }.render()?))
}
