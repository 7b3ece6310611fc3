//! Every leaf that is not the body, as attachments.
//!
//! Names are made safe in `file_name`, winmail.dat is opened in `tnef`. How many and how large
//! attachments a ticket takes is decided when they are stored.

use std::borrow::Cow;

use super::body::{ChosenBody, TEXT_BYTES_MAX};
use super::cms::Container;
use super::encoded_word::{Decoder, one_line};
use super::header::{Header, skip_leading_lines};
use super::structure::{Leaf, Structure};
use super::{Forwarded, Limits, Part, address, charset, cms, file_name, tnef};

/// The name of the file of a mail that is nothing but an invitation.
const INVITATION: &str = "invite.ics";

/// Header fields looked at in an attached message.
const MESSAGE_FIELDS_MAX: usize = 200;

/// The attachments of a mail and what was learned on the way.
#[derive(Debug, Default)]
pub(super) struct Attachments {
    /// In the order of the mail.
    pub(super) parts: Vec<Part>,
    /// The first attached message: who wrote it and about what.
    pub(super) message: Option<Forwarded>,
    /// Text and HTML found in winmail.dat.
    pub(super) tnef_text: Option<String>,
    /// See `tnef_text`.
    pub(super) tnef_html: Option<String>,
    /// The mail inside of an S/MIME signature.
    pub(super) signed_mail: Option<Vec<u8>>,
    /// One sentence for each thing that is not as the sender meant it.
    pub(super) warnings: Vec<String>,
}

/// Collects the attachments of a mail whose body is chosen.
pub(super) fn collect(structure: &Structure<'_>, body: &ChosenBody, limits: &Limits, decoder: Decoder) -> Attachments {
    let mut collector = Collector {
        decoder,
        parts_max: limits.mime_parts_max,
        has_text: !body.is_blank(),
        is_invitation: body.is_blank(),
        out: Attachments::default(),
    };
    for (index, leaf) in structure.leaves.iter().enumerate() {
        if body.cut.contains(&index) {
            collector.add_cut_text(leaf);
        } else if !body.leaves.contains(&index) || body.files.contains(&index) {
            collector.add(leaf);
        }
    }
    let mut out = collector.out;
    if structure.parts_left_out > 0 {
        out.warnings.push(format!(
            "The mail has {} parts more than the {} read here; they were left out.",
            structure.parts_left_out, limits.mime_parts_max
        ));
    }
    if structure.leaves.iter().any(|leaf| leaf.is_too_deep) {
        out.warnings.push(format!(
            "Parts nested more than {} levels deep were kept as attachments, unopened.",
            limits.mime_levels_max
        ));
    }
    let hidden = hidden_mail(structure);
    out.warnings.extend(secrecy_warning(structure, hidden.as_ref()).map(str::to_owned));
    if let Some(Container::Signed(mail)) = hidden {
        out.signed_mail = Some(mail);
    }
    out
}

/// The first S/MIME container of a mail, opened. What it holds decides, not its name.
fn hidden_mail(structure: &Structure<'_>) -> Option<Container> {
    let leaf = structure.leaves.iter().find(|leaf| is_smime(leaf) && !leaf.is_too_deep)?;
    Some(cms::open(&leaf.header.transfer.decode(leaf.bytes)))
}

fn is_smime(leaf: &Leaf<'_>) -> bool {
    let is_named = leaf.header.file_name.as_deref().is_some_and(|name| name.to_ascii_lowercase().ends_with(".p7m"));
    matches!(leaf.header.kind.as_str(), "application/pkcs7-mime" | "application/x-pkcs7-mime")
        || leaf.header.kind == "application/octet-stream" && is_named
}

/// Marks the parts an HTML body shows inside itself.
pub(super) fn mark_inline(parts: &mut [Part], html: &str) {
    let referenced = super::body::content_ids_in(html);
    for part in parts {
        part.is_inline = part.content_id.as_ref().is_some_and(|content_id| referenced.contains(content_id));
    }
}

/// What to say about S/MIME and PGP parts (RFC 8551, RFC 3156), which are kept but not opened.
fn secrecy_warning(structure: &Structure<'_>, hidden: Option<&Container>) -> Option<&'static str> {
    let has = |kinds: &[&str]| structure.leaves.iter().any(|leaf| kinds.contains(&leaf.header.kind.as_str()));
    if has(&["application/pgp-encrypted"]) {
        return Some("The mail is encrypted with PGP; the encrypted part was kept as an attachment.");
    }
    match hidden {
        Some(Container::Signed(_)) => {
            Some("The mail is wrapped in an S/MIME signature; what is in it was read and kept, signature not checked.")
        }
        Some(Container::Encrypted) => {
            Some("The mail is encrypted with S/MIME; the encrypted part was kept as an attachment.")
        }
        Some(Container::Other) => {
            Some("The mail has an S/MIME part that could not be opened; it was kept as an attachment.")
        }
        None if has(&["application/pkcs7-signature", "application/x-pkcs7-signature"]) => {
            Some("The mail has an S/MIME signature; it was kept but not checked.")
        }
        None if has(&["application/pgp-signature"]) => {
            Some("The mail has a PGP signature; it was kept but not checked.")
        }
        None => None,
    }
}

struct Collector {
    decoder: Decoder,
    parts_max: usize,
    /// Whether the mail has its own text, besides the one in winmail.dat.
    has_text: bool,
    /// Whether it is nothing but an invitation.
    is_invitation: bool,
    out: Attachments,
}

impl Collector {
    fn number(&self) -> usize {
        self.out.parts.len() + 1
    }

    fn add(&mut self, leaf: &Leaf<'_>) {
        let content =
            if leaf.is_too_deep { Cow::Borrowed(leaf.bytes) } else { leaf.header.transfer.decode(leaf.bytes) };
        if content.is_empty() && leaf.header.file_name.is_none() {
            return;
        }
        if is_tnef(leaf) && self.unpack(&content) {
            return;
        }
        let name = if leaf.is_message() { self.message_name(leaf, &content) } else { self.name(leaf) };
        self.push(leaf, name, content.into_owned());
    }

    /// A body part longer than what is read of it.
    fn add_cut_text(&mut self, leaf: &Leaf<'_>) {
        let name = self.name(leaf);
        self.out.warnings.push(format!(
            "The text is longer than {} MiB and was cut there; the whole became the attachment {name}, and the raw mail has it in any case.",
            TEXT_BYTES_MAX / (1024 * 1024)
        ));
        self.push(leaf, name, leaf.header.transfer.decode(leaf.bytes).into_owned());
    }

    fn name(&self, leaf: &Leaf<'_>) -> String {
        let header = &leaf.header;
        let given = header.file_name.as_deref().and_then(file_name::safe);
        if given.is_none() && self.is_invitation && header.kind == "text/calendar" {
            return INVITATION.to_owned();
        }
        let described = || header.description.as_deref().and_then(|text| file_name::described(text, &header.kind));
        let by_id = || {
            let id = header.content_id.as_deref()?.split('@').next()?;
            file_name::described(id, &header.kind)
        };
        given.or_else(described).or_else(by_id).unwrap_or_else(|| file_name::made_up(&header.kind, self.number()))
    }

    /// The name of an attached message; notes who wrote it.
    fn message_name(&mut self, leaf: &Leaf<'_>, content: &[u8]) -> String {
        let (header, _) = Header::read(skip_leading_lines(content), MESSAGE_FIELDS_MAX);
        let subject = header.first("subject").map(|value| self.decoder.line(value)).unwrap_or_default();
        if self.out.message.is_none() {
            let from =
                header.all("from").find_map(|value| address::mailboxes(value, self.decoder, 1).into_iter().next());
            self.out.message =
                Some(Forwarded { from, subject: Some(subject.clone()).filter(|subject| !subject.is_empty()) });
        }
        match leaf.header.file_name.as_deref().and_then(file_name::safe) {
            Some(given) if given.to_ascii_lowercase().ends_with(".eml") => given,
            Some(given) => file_name::of_message(&given, self.number()),
            None => file_name::of_message(&subject, self.number()),
        }
    }

    fn push(&mut self, leaf: &Leaf<'_>, name: String, content: Vec<u8>) {
        let header = &leaf.header;
        self.out.parts.push(Part {
            name,
            original_name: charset::cleaned(header.file_name.clone().unwrap_or_default()),
            content_type: one_line(&header.kind),
            content,
            content_id: header.content_id.clone(),
            // Only a reference of the HTML makes a part inline: programs mark ordinary files so.
            is_inline: false,
        });
    }

    /// Takes a winmail.dat apart. `false`: it must be kept whole, because something in it stayed unread.
    fn unpack(&mut self, content: &[u8]) -> bool {
        let Some(mut contents) = tnef::unpack(content) else {
            self.out.warnings.push("winmail.dat could not be unpacked and was kept as it is.".to_owned());
            return false;
        };
        // RTF beside the mail's own text only repeats it; the fields of an item are only there.
        let is_unread = !contents.has_text() && (contents.is_item || contents.has_rtf && !self.has_text);
        if contents.is_empty() && !contents.is_partly_read {
            self.out.warnings.push("winmail.dat contains nothing that can be shown and was kept as it is.".to_owned());
            return false;
        }
        let is_over = self.out.parts.len() + contents.files.len() > self.parts_max;
        self.out.tnef_text = self.out.tnef_text.take().or_else(|| contents.text.take());
        self.out.tnef_html = self.out.tnef_html.take().or_else(|| contents.html.take());
        let is_partly_read = contents.is_partly_read || is_unread || is_over;
        let room = self.parts_max.saturating_sub(self.out.parts.len());
        let files = std::mem::take(&mut contents.files).into_iter();
        for file in files.filter(|file| contents.is_worth_storing(file)).take(room) {
            let kind = file.kind.unwrap_or_else(|| "application/octet-stream".to_owned());
            let made_up = || file_name::made_up(&kind, self.number());
            self.out.parts.push(Part {
                name: file_name::safe(&file.name).unwrap_or_else(made_up),
                original_name: file.name,
                content_type: one_line(&kind),
                content: file.content,
                content_id: file.content_id,
                is_inline: false,
            });
        }
        if is_partly_read {
            self.out.warnings.push(
                "winmail.dat could be unpacked only in part and was kept together with its attachments.".to_owned(),
            );
        }
        !is_partly_read
    }
}

fn is_tnef(leaf: &Leaf<'_>) -> bool {
    matches!(leaf.header.kind.as_str(), "application/ms-tnef" | "application/vnd.ms-tnef")
        || leaf.header.file_name.as_deref().is_some_and(|name| name.eq_ignore_ascii_case("winmail.dat"))
}
