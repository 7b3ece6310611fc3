//! API tokens: what each may do and from where. The token itself is shown once.

use data_encoding::BASE64URL_NOPAD;

use super::field::{Field, Form, Loss, OutcomeLine, Row, Table, Typed};
use super::{Noun, Saved, number};
use crate::domain::TokenId;
use crate::domain::one_line::TOKEN_NAME_CHARS_MAX;
use crate::domain::permission::Permission;
use crate::ip_list::IpList;
use crate::random;
use crate::store::token::{NewToken, Token, TokenChange};
use crate::web::answer::Refusal;
use crate::web::call::Call;
use crate::web::{forgery, once, session};

/// Random bytes of a token: 60 characters, as HelpDeskZ's have.
const TOKEN_BYTES: usize = 45;

const NOUN: Noun = Noun::Tokens;

fn find(call: &Call<'_>, id: &str) -> Result<Token, Refusal> {
    let id = TokenId::new(number(id)?);
    call.read(|tx| tx.token(id)?.ok_or(Refusal::NotFound))
}

pub(super) fn list(call: &Call<'_>) -> Result<Table, Refusal> {
    let row = |token: Token| Row {
        key: token.id.to_string(),
        edit: Some(NOUN.path_of(token.id)),
        remove: Some(format!("{}/remove/{}", NOUN.path(), token.id)),
        cells: vec![
            token.name,
            if token.permissions == "*" { call.language.t("f-everything") } else { token.permissions },
            token.ips,
            call.language.t(if token.is_active { "yes" } else { "no" }),
            String::new(),
        ],
        times: vec![(4, token.last_used_at)],
        ..Row::default()
    };
    let head = ["f-name", "f-permissions", "f-ips", "f-active", "f-last-used"];
    Ok(Table {
        title: NOUN.title(call),
        add: Some("/staff/setup/api/new"),
        head: head.map(|name| call.language.t(name)).to_vec(),
        rows: call.read(|tx| Ok(tx.tokens()?))?.into_iter().map(row).collect(),
        ..Table::default()
    })
}

pub(super) fn form(call: &Call<'_>, id: Option<&str>) -> Result<Form, Refusal> {
    let found = id.map(|id| find(call, id)).transpose()?;
    let (name, permissions, ips, is_active) = found
        .map_or((String::new(), String::new(), String::new(), true), |own| {
            (own.name, own.permissions, own.ips, own.is_active)
        });
    let title = if name.is_empty() { call.language.t("setup-new-token") } else { name.clone() };
    let choices = Permission::ALL.iter().map(|permission| {
        let name = permission.name();
        (name.to_owned(), name.to_owned(), permissions.split(' ').any(|own| own == name))
    });
    let fields = vec![
        Field::text("name", call.language.t("f-name"), name).required(),
        Field::check("everything", call.language.t("f-everything"), permissions == "*"),
        Field::checks("permissions", call.language.t("f-permissions"), choices.collect()),
        Field::text("ips", call.language.t("f-ips"), ips).hint(call.language.t("h-ips")),
        Field::check("active", call.language.t("f-active"), is_active),
    ];
    Ok(Form::new(title, fields))
}

pub(super) fn save(call: &Call<'_>, id: Option<&str>) -> Result<Saved, Refusal> {
    let mut typed = Typed::new(call);
    let (name, ips) = (typed.line("name", TOKEN_NAME_CHARS_MAX), call.form.trimmed("ips"));
    if let Err(refused) = IpList::parse(ips) {
        typed.wrong("ips", refused.to_string());
    }
    if !typed.is_fine() {
        return Ok(Saved::Again(form(call, id)?.filled(&call.form).with_errors(typed.errors)));
    }
    let ticked: Vec<&str> = call.form.all("permissions").filter_map(Permission::named).map(Permission::name).collect();
    let permissions = if call.form.has("everything") { "*".to_owned() } else { ticked.join(" ") };
    let is_active = call.form.has("active");
    if let Some(id) = id {
        let id = find(call, id)?.id;
        let change = TokenChange {
            name: Some(name),
            permissions: Some(&permissions),
            ips: Some(ips),
            is_active: Some(is_active),
        };
        call.write(|tx| Ok(tx.update_token(id, &change, call.now).map(|_| ())?))?;
        return Ok(Saved::Done);
    }
    let token = once::key(call).map_or_else(random, |key| Ok(of_key(call, key)))?;
    let sha256 = session::hash_of(&token);
    let new = NewToken { name, sha256: &sha256, permissions: &permissions, ips, is_active };
    call.write(|tx| Ok(tx.add_token(&new, call.now).map(|_| ())?))?;
    Ok(shown_once(call, name, token))
}

/// Not led on: this is the one time that it can be shown.
fn shown_once(call: &Call<'_>, name: &str, token: String) -> Saved {
    let outcome = vec![OutcomeLine::good(call.language.t("token-once")), OutcomeLine::good(token)];
    Saved::Again(Form { outcome, ..Form::new(name.to_owned(), Vec::new()).only_shown() })
}

/// The form was sent twice, and the browser shows its second answer: the same token, if it is there.
pub(super) fn made_before(call: &Call<'_>) -> Result<Saved, Refusal> {
    let Some(token) = once::key(call).map(|key| of_key(call, key)) else { return Ok(Saved::Done) };
    let found = call.read(|tx| Ok(tx.token_by_hash(&session::hash_of(&token))?))?;
    Ok(found.map_or(Saved::Done, |found| shown_once(call, &found.name, token)))
}

/// The token that a form makes, however often it is sent. The key is nowhere in the database.
fn of_key(call: &Call<'_>, key: &str) -> String {
    let halves = ["first", "second"].map(|half| forgery::drawn(&call.secret, &format!("api token {half} {key}")));
    BASE64URL_NOPAD.encode(halves.concat().get(..TOKEN_BYTES).unwrap_or_default())
}

/// A new token.
fn random() -> Result<String, Refusal> {
    let bytes = random::bytes::<{ TOKEN_BYTES }>()?;
    Ok(BASE64URL_NOPAD.encode(&bytes))
}

pub(super) fn loss(call: &Call<'_>, id: &str) -> Result<Loss, Refusal> {
    let own = find(call, id)?;
    let title = call.language.with("remove-token", "name", own.name.as_str());
    Ok(Loss::new(title, vec![call.language.t("token-ends")]))
}

pub(super) fn remove(call: &Call<'_>, id: &str) -> Result<(), Refusal> {
    let id = find(call, id)?.id;
    call.write(|tx| Ok(tx.revoke_token(id).map(|_| ())?))
}
