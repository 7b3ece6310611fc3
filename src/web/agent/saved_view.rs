//! Saved searches: saving one, and giving it another name or removing it.

use super::confirm;
use crate::domain::ViewId;
use crate::http::Response;
use crate::store::ReadTx;
use crate::store::ticket::SavedView;
use crate::web::answer::Refusal;
use crate::web::call::Call;
use crate::web::page::{ListName, list_path};

/// Longest name of a saved search, in characters.
const VIEW_CHARS_MAX: usize = 60;

/// The name that a form gives a search.
fn name_of(call: &Call<'_>) -> Result<String, Refusal> {
    let name: String = call.form.trimmed("name").chars().take(VIEW_CHARS_MAX).collect();
    if name.is_empty() { Err(Refusal::Broken) } else { Ok(name) }
}

/// Saves a search under a name, for oneself or for everybody.
pub(super) fn save(call: &Call<'_>) -> Result<Response, Refusal> {
    let (form, name) = (&call.form, name_of(call)?);
    let text = form.trimmed("q");
    if text.is_empty() {
        return Err(Refusal::Broken);
    }
    let owner = if form.has("shared") { None } else { Some(call.viewer()?.id()) };
    let id = call.write(|tx| Ok(tx.add_view(owner, &name, text, call.now)?))?;
    Ok(call.lead_to(&list_path(ListName::View(id.get()))))
}

/// Whether this person may rename and remove a search: their own, one for everybody that they made, and every one for
/// everybody as one who sets up.
pub(super) fn may_change(tx: &ReadTx<'_>, call: &Call<'_>, view: &SavedView) -> Result<bool, Refusal> {
    let viewer = call.viewer()?;
    match view.staff {
        Some(owner) => Ok(owner == viewer.id()),
        None => Ok(viewer.may_set_up || tx.maker_of_view(view.id)? == Some(viewer.id())),
    }
}

/// `POST /staff/views/3`
pub(super) fn change(call: &Call<'_>, id: ViewId) -> Result<Response, Refusal> {
    let path = list_path(ListName::View(id.get()));
    let found = |tx: &ReadTx<'_>| {
        let view = tx.view_for(id, call.viewer()?.id())?.ok_or(Refusal::NotFound)?;
        if may_change(tx, call, &view)? { Ok(view) } else { Err(Refusal::Forbidden) }
    };
    match call.form.get("do") {
        "rename" => {
            let name = name_of(call)?;
            call.write(|tx| Ok(tx.update_view(id, &name, &found(tx)?.query).map(drop)?))?;
            Ok(call.lead_to(&format!("{path}?said=saved")))
        }
        "remove" if !confirm::is_sure(call) => {
            let view = call.read(found)?;
            let question = call.language.with("remove-view", "name", view.name.as_str());
            confirm::ask(call, question, call.language.t("remove"), path)
        }
        "remove" => {
            call.write(|tx| Ok(tx.remove_view(found(tx)?.id).map(drop)?))?;
            Ok(call.lead_to("/staff/tickets?said=view-removed"))
        }
        _ => Err(Refusal::Broken),
    }
}
