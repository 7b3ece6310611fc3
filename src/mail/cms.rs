//! S/MIME that hides its content in a CMS container (RFC 5652, RFC 8551 §3.5.2): told by the type of its content whether
//! it is signed or encrypted, and what is signed taken out. No signature is checked.

use ::cms::content_info::ContentInfo;
use ::cms::signed_data::SignedData;
use der::asn1::{ObjectIdentifier, OctetStringRef};
use der::{Decode as _, DecodeValue as _, EncodingRules, Header, Length, Reader as _, SliceReader, Tag};

/// id-signedData (RFC 5652 §5.1).
const SIGNED: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.2");
/// id-envelopedData, id-encryptedData (RFC 5652 §6.1, §8) and id-ct-authEnvelopedData (RFC 5083 §2.1).
const ENCRYPTED: [ObjectIdentifier; 3] = [
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.3"),
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.6"),
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.1.23"),
];

/// Largest container that is opened, in bytes (chosen: it is held twice while it is read).
const CONTAINER_BYTES_MAX: usize = 32 * 1024 * 1024;

/// What a container holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Container {
    /// A signed mail.
    Signed(Vec<u8>),
    /// An encrypted mail.
    Encrypted,
    /// Neither: signatures without a content, another kind, or no container at all.
    Other,
}

/// Opens a container, in DER or, as many programs write it, in BER. Linear; never fails.
pub(super) fn open(bytes: &[u8]) -> Container {
    if bytes.len() > CONTAINER_BYTES_MAX {
        return Container::Other;
    }
    let Some(info) = reader(bytes).and_then(|mut reader| ContentInfo::decode(&mut reader).ok()) else {
        return Container::Other;
    };
    if ENCRYPTED.contains(&info.content_type) {
        return Container::Encrypted;
    }
    if info.content_type != SIGNED {
        return Container::Other;
    }
    signed_content(info.content.value()).map_or(Container::Other, Container::Signed)
}

fn reader(bytes: &[u8]) -> Option<SliceReader<'_>> {
    SliceReader::new_with_encoding_rules(bytes, EncodingRules::Ber).ok()
}

fn signed_content(value: &[u8]) -> Option<Vec<u8>> {
    let header = Header::new(Tag::Sequence, Length::try_from(value.len()).ok()?);
    let signed = SignedData::decode_value(&mut reader(value)?, header).ok()?;
    let content = signed.encap_content_info.econtent?;
    Some(pieces(content.value()).unwrap_or_else(|| content.value().to_vec()))
}

/// The content where it is written in pieces, each an OCTET STRING of its own (BER). Mails begin with a header field, so
/// that they are not taken for pieces.
fn pieces(value: &[u8]) -> Option<Vec<u8>> {
    let mut reader = reader(value)?;
    let mut out = Vec::with_capacity(value.len());
    while !reader.is_finished() {
        let piece = <&OctetStringRef>::decode(&mut reader).ok()?;
        out.extend_from_slice(piece.as_bytes());
    }
    (!out.is_empty()).then_some(out)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use base64::Engine as _;

    const MAIL: &str = "Content-Type: text/plain; charset=utf-8\r\n\r\nHello signed world\r\n";

    /// A file of tests/corpus/smime, made with `openssl cms` and a key that was thrown away.
    fn file(name: &str) -> Vec<u8> {
        let path = format!("{}/tests/corpus/smime/{name}", env!("CARGO_MANIFEST_DIR"));
        let text: String = std::fs::read_to_string(path).unwrap().split_whitespace().collect();
        base64::engine::general_purpose::STANDARD.decode(text).unwrap()
    }

    #[test]
    fn signed_content_is_taken_out_of_both_encodings() {
        for name in ["signed-der.b64", "signed-ber.b64"] {
            let Container::Signed(mail) = open(&file(name)) else { panic!("{name}") };
            assert_eq!(String::from_utf8_lossy(&mail), MAIL, "{name}");
        }
    }

    #[test]
    fn encrypted_content_is_told_by_its_type() {
        assert_eq!(open(&file("encrypted.b64")), Container::Encrypted);
    }

    #[test]
    fn what_is_broken_or_no_container_is_neither() {
        let whole = file("signed-ber.b64");
        for bytes in [&b""[..], b"no container", whole.get(..whole.len() / 2).unwrap(), &[0x30, 0x80], &[0x30; 1000]] {
            assert_eq!(open(bytes), Container::Other);
        }
        for at in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[at] ^= 0x55;
            let _ = open(&damaged);
        }
    }
}
