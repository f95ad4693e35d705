//! A batch of case events without its JSON and base64: the records' own bytes, grouped so that only what one author wrote, of one
//! class, is compressed together.

use std::collections::BTreeMap;

use serde::Deserialize;
use tongqiao_protocol::limits::{BATCH_RECORDS_MAX, MESSAGE_BYTES_MAX};
use tongqiao_protocol::signed_record::RecordSignature;
use tongqiao_protocol::{KeyId, SignatureValue, SignedRecord};

use super::block::{self, Secrecy};
use super::call::exact_base64;
use super::dictionary::Dictionary;
use super::wire::{Malformed, Reader, Writer};

/// The one address whose bodies are packed so.
const PATH: &str = "/v1/case-events";

#[derive(Deserialize)]
struct Batch<'a> {
    #[serde(borrow)]
    events: Vec<Element<'a>>,
}

#[derive(Deserialize)]
struct Element<'a> {
    record: &'a str,
    #[serde(borrow)]
    signature: Signature<'a>,
}

#[derive(Deserialize)]
struct Signature<'a> {
    keyid: &'a str,
    value: &'a str,
}

/// What tells records that may be compressed together.
#[derive(Deserialize, PartialEq, Eq, PartialOrd, Ord)]
struct Class {
    #[serde(default)]
    source: String,
    #[serde(default)]
    dataclass: String,
}

struct Packable {
    record: Vec<u8>,
    keyid: KeyId,
    value: SignatureValue,
}

/// The batch in the form of the link; `None` where the same body could not be made of it again.
pub(super) fn pack(path: &str, body: &[u8], dictionary: Option<Dictionary>) -> Option<Vec<u8>> {
    if path != PATH {
        return None;
    }
    let batch = serde_json::from_slice::<Batch<'_>>(body).ok()?;
    let records = batch.events.iter().map(packable).collect::<Option<Vec<_>>>()?;
    if records.is_empty() || records.len() > BATCH_RECORDS_MAX || write_body(&records) != body {
        return None;
    }
    let mut keys = Vec::<&KeyId>::new();
    let mut groups = BTreeMap::<Class, Vec<usize>>::new();
    for (place, record) in records.iter().enumerate() {
        if !keys.contains(&&record.keyid) {
            keys.push(&record.keyid);
        }
        // What is no event tells nothing of itself, and shares a block with nothing.
        let class = serde_json::from_slice::<Class>(&record.record)
            .unwrap_or_else(|_| Class { source: String::new(), dataclass: place.to_string() });
        groups.entry(class).or_default().push(place);
    }
    let mut writer = Writer::with(dictionary);
    writer.number(records.len());
    writer.number(keys.len());
    keys.iter().for_each(|key| writer.bytes(key.as_str().as_bytes()));
    for record in &records {
        writer.number(keys.iter().position(|key| **key == record.keyid)?);
        writer.raw(record.value.as_bytes());
        writer.number(record.record.len());
    }
    writer.number(groups.len());
    for places in groups.values() {
        writer.number(places.len());
        places.iter().for_each(|place| writer.number(*place));
        let together = places.iter().flat_map(|place| records[*place].record.iter().copied()).collect::<Vec<_>>();
        block::write(&mut writer, &together, Secrecy::OneAuthor);
    }
    Some(writer.finish())
}

fn packable(element: &Element<'_>) -> Option<Packable> {
    Some(Packable {
        record: exact_base64(element.record)?,
        keyid: element.signature.keyid.parse().ok()?,
        value: SignatureValue::from_bytes(exact_base64(element.signature.value)?.try_into().ok()?),
    })
}

/// The body as our software writes it.
fn write_body(records: &[Packable]) -> Vec<u8> {
    let mut body = b"{\"events\":[".to_vec();
    for (place, record) in records.iter().enumerate() {
        if place > 0 {
            body.push(b',');
        }
        let signature = RecordSignature { keyid: record.keyid.clone(), value: record.value };
        // A record of plain values is always written.
        body.extend(serde_json::to_vec(&SignedRecord { record: record.record.clone(), signature }).unwrap_or_default());
    }
    body.extend_from_slice(b"]}");
    body
}

/// Reads what [`pack`] wrote: the body, byte for byte.
pub(super) fn unpack(reader: &mut Reader<'_>, most: usize) -> Result<Vec<u8>, Malformed> {
    let count = reader.number(BATCH_RECORDS_MAX)?;
    let key_count = reader.number(BATCH_RECORDS_MAX)?;
    let mut keys = Vec::new();
    for _ in 0..key_count {
        keys.push(reader.text()?.parse::<KeyId>().map_err(|_| Malformed("a key's name"))?);
    }
    let mut heads = Vec::new();
    for _ in 0..count {
        let key = keys.get(reader.number(BATCH_RECORDS_MAX)?).ok_or(Malformed("a key's place"))?;
        let value = SignatureValue::from_bytes(reader.array()?);
        heads.push((key.clone(), value, reader.number(MESSAGE_BYTES_MAX)?));
    }
    let mut bodies = vec![None; count];
    for _ in 0..reader.number(BATCH_RECORDS_MAX)? {
        let mut places = Vec::new();
        for _ in 0..reader.number(BATCH_RECORDS_MAX)? {
            places.push(reader.number(BATCH_RECORDS_MAX)?);
        }
        let together = block::read(reader, most)?;
        let mut rest = together.as_slice();
        for place in places {
            let (_, _, size) = heads.get(place).ok_or(Malformed("a record's place"))?;
            let (record, after) = rest.split_at_checked(*size).ok_or(Malformed("a block is too short"))?;
            rest = after;
            bodies[place] = Some(record.to_vec());
        }
        if !rest.is_empty() {
            return Err(Malformed("a block is too long"));
        }
    }
    let mut records = Vec::with_capacity(count);
    for ((keyid, value, _), record) in heads.into_iter().zip(bodies) {
        records.push(Packable { record: record.ok_or(Malformed("a record is missing"))?, keyid, value });
    }
    let body = write_body(&records);
    if body.len() > most { Err(Malformed("the body is too large")) } else { Ok(body) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
    use super::*;

    fn pack(path: &str, body: &[u8]) -> Option<Vec<u8>> {
        super::pack(path, body, None)
    }

    fn record(author: &str, class: &str, text: &str) -> Packable {
        let record = serde_json::json!({
            "source": format!("urn:tongqiao:party:{author}"), "dataclass": class, "data": { "reason": text.repeat(20) },
        });
        let keyid = format!("{author}/1").parse().unwrap();
        Packable { record: record.to_string().into_bytes(), keyid, value: SignatureValue::from_bytes([3; 64]) }
    }

    #[test]
    fn a_batch_of_several_authors_comes_out_byte_for_byte_in_its_order() {
        let records = [
            record("civil-affairs", "personal", "低保申请"),
            record("natural-resources", "public", "宅基地"),
            record("civil-affairs", "personal", "高龄津贴"),
            record("civil-affairs", "public", "公示"),
        ];
        let body = write_body(&records);
        for dictionary in [None, Some(Dictionary::NEWEST)] {
            let packed = super::pack(PATH, &body, dictionary).unwrap();
            let mut reader = Reader::new(&packed);
            assert_eq!(unpack(&mut reader, 1 << 20).unwrap(), body);
            reader.end().unwrap();
            assert!(packed.len() * 2 < body.len());
        }
    }

    #[test]
    fn texts_of_two_authors_share_no_compressed_block() {
        let same = "同一段文字，两个部门都写过".repeat(8);
        let one = |author: &str| pack(PATH, &write_body(&[record(author, "personal", &same)])).unwrap().len();
        let both = [record("civil-affairs", "personal", &same), record("natural-resources", "personal", &same)];
        let both = pack(PATH, &write_body(&both)).unwrap().len();
        let overhead = 16;
        assert!(both + overhead >= one("civil-affairs") + one("natural-resources"), "the second text was cheaper");
    }

    #[test]
    fn what_could_not_be_made_again_is_left_as_it_is() {
        let body = write_body(&[record("civil-affairs", "personal", "低保")]);
        assert!(pack(PATH, &body).is_some());
        assert!(pack("/v1/bills", &body).is_none());
        let spaced = String::from_utf8(body).unwrap().replace("{\"events\"", "{ \"events\"");
        assert!(pack(PATH, spaced.as_bytes()).is_none());
        assert!(pack(PATH, b"{\"events\":[]}").is_none());
    }

    #[test]
    fn a_frame_that_names_a_record_twice_or_not_at_all_is_refused() {
        let packed = pack(PATH, &write_body(&[record("a", "public", "甲"), record("a", "public", "乙")])).unwrap();
        for place in 0..packed.len() {
            let mut damaged = packed.clone();
            damaged[place] ^= 1;
            // It may still be a frame, of another record; it never breaks anything.
            drop(unpack(&mut Reader::new(&damaged), 1 << 20));
        }
    }
}
