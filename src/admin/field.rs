//! `admin field`: custom fields of tickets.

use serde_json::{Value, json};

use super::removal::{Removal, RemovalPreview};
use super::{Context, department, missing, named, nothing_to_change, usage};
use crate::domain::one_line::{TITLE_CHARS_MAX, is_one_line};
use crate::outcome::{self, Done};
use crate::store::import::ImportedCustomField;
use crate::store::set_up::{FIELD_KINDS, has_options};
use crate::terminal;

/// Verbs of `admin field`.
#[derive(Debug, clap::Subcommand)]
#[command(after_help = "\
Examples:
  maildesk admin field add Serial --type text --required
  maildesk admin field add Colour --type select --option red --option blue --department Sales
  maildesk admin field list --json")]
pub(crate) enum Command {
    /// Add a custom field, placed last; prints its id
    Add {
        /// Title
        title: String,
        /// What is asked for
        #[command(flatten)]
        wanted: Wanted,
    },
    /// Every custom field in its order
    List,
    /// Change a custom field; what is not named stays
    Update {
        /// Id or title
        field: String,
        /// New title
        #[arg(long)]
        title: Option<String>,
        /// What changes
        #[command(flatten)]
        wanted: Wanted,
    },
    /// Remove a custom field; what tickets have in it stays with them
    Remove {
        /// Id or title
        field: String,
        /// Whether to ask
        #[command(flatten)]
        removal: Removal,
    },
}

/// What a field is.
#[derive(Debug, clap::Args)]
pub(crate) struct Wanted {
    /// text, textarea, password, checkbox, radio, select or date
    #[arg(long = "type", value_name = "TYPE", value_parser = clap::builder::PossibleValuesParser::new(FIELD_KINDS))]
    kind: Option<String>,
    /// One of the choices of a checkbox, radio or select; may be repeated
    #[arg(long, value_name = "TEXT")]
    option: Vec<String>,
    /// Whether customers must fill it in
    #[arg(long, value_name = "true|false", num_args = 0..=1, default_missing_value = "true")]
    required: Option<bool>,
    /// Department that asks for it, by id or name; may be repeated; `all` for all of them
    #[arg(long, value_name = "ID")]
    department: Vec<String>,
    /// Place in the form
    #[arg(long)]
    position: Option<i64>,
}

impl Wanted {
    const fn is_empty(&self) -> bool {
        self.kind.is_none()
            && self.option.is_empty()
            && self.required.is_none()
            && self.department.is_empty()
            && self.position.is_none()
    }

    fn put_into(self, context: &Context, own: &mut ImportedCustomField) -> outcome::Result<()> {
        if let Some(kind) = self.kind {
            own.kind = kind;
        }
        let options: Vec<&str> = self.option.iter().map(|text| text.trim()).filter(|text| !text.is_empty()).collect();
        if !options.is_empty() {
            own.options = json!(options).to_string();
        }
        own.is_required = self.required.unwrap_or(own.is_required);
        own.position = self.position.unwrap_or(own.position);
        if self.department.iter().any(|name| name == "all") {
            "[]".clone_into(&mut own.departments);
        } else if !self.department.is_empty() {
            let ids: outcome::Result<Vec<i64>> = context.store.read(|tx| {
                self.department.iter().map(|name| department::find(tx, name).map(|own| own.id.get())).collect()
            });
            own.departments = json!(ids?).to_string();
        }
        let title = &own.title;
        if !is_one_line(title, TITLE_CHARS_MAX) {
            return usage(format!("a field's title has 1 to {TITLE_CHARS_MAX} characters on one line"));
        }
        if has_options(&own.kind) && own.options == "[]" {
            return usage(format!("a {} needs its choices: --option TEXT, repeated", own.kind));
        }
        Ok(())
    }
}

fn as_json(field: &ImportedCustomField) -> Value {
    let list = |text: &str| serde_json::from_str::<Value>(text).unwrap_or_else(|_| json!([]));
    let departments = list(&field.departments);
    let is_for_all = departments.as_array().is_none_or(Vec::is_empty);
    json!({
        "id": field.id, "type": field.kind, "title": field.title, "options": list(&field.options),
        "required": field.is_required, "departments": if is_for_all { json!("all") } else { departments },
        "position": field.position,
    })
}

fn find(context: &Context, word: &str) -> outcome::Result<ImportedCustomField> {
    let all = context.store.read(|tx| tx.custom_fields())?;
    named("field", word, all, |own, id| own.id == id, |own, wanted| own.title.to_lowercase() == wanted)
}

pub(super) fn run(context: &Context, command: Command) -> outcome::Result<Done> {
    match command {
        Command::Add { title, wanted } => {
            let mut own = ImportedCustomField {
                id: 0,
                kind: "text".to_owned(),
                title: title.trim().to_owned(),
                options: "[]".to_owned(),
                is_required: false,
                departments: "[]".to_owned(),
                position: 0,
            };
            wanted.put_into(context, &mut own)?;
            let id = context.store.write(|tx| tx.save_custom_field(&own))?;
            context.output.object(&as_json(&find(context, &id.to_string())?), &id.to_string())?;
        }
        Command::List => list(context)?,
        Command::Update { field, title, wanted } => {
            if title.is_none() && wanted.is_empty() {
                return nothing_to_change();
            }
            let mut own = find(context, &field)?;
            if let Some(title) = title {
                title.trim().clone_into(&mut own.title);
            }
            wanted.put_into(context, &mut own)?;
            context.store.write(|tx| tx.save_custom_field(&own))?;
            context.output.object(&as_json(&own), &terminal::line(&format!("{} {}", own.kind, own.title)))?;
        }
        Command::Remove { field, removal } => {
            let own = find(context, &field)?;
            let loss = RemovalPreview::alone(format!("remove field {}", own.title));
            if !removal.is_agreed(&context.output, &loss)? {
                return Ok(Done);
            }
            if !context.store.write(|tx| tx.remove_custom_field(own.id))? {
                return missing("field", field);
            }
            loss.happened(&context.output, &format!("field {} is gone; what tickets have in it stays", own.title))?;
        }
    }
    Ok(Done)
}

fn list(context: &Context) -> outcome::Result<()> {
    let all = context.store.read(|tx| tx.custom_fields())?;
    let rows = all.iter().map(|field| {
        let options: Vec<String> = serde_json::from_str(&field.options).unwrap_or_default();
        let required = if field.is_required { "required" } else { "" };
        vec![field.id.to_string(), field.kind.clone(), field.title.clone(), options.join(", "), required.to_owned()]
    });
    let header = ["id", "type", "title", "options", ""];
    context.output.list(all.iter().map(as_json).collect(), &header, rows.collect())?;
    Ok(())
}
