//! PDF documents: a signature's dictionary stands in the open, because its byte range must be filled in after the file is written.
//!
//! So no object is unpacked: the file is read once, in pieces, and every `/ByteRange` is looked at with its surroundings.

use std::io::{Read, Seek, SeekFrom};

use super::{DocumentKind, LOOKED_AT_MAX, SEALS_MAX, Seal, SealReport, read_up_to, shown};

const MARK: &[u8] = b"/ByteRange";
/// How much is read at once.
const PIECE: usize = 256 * 1_024;
/// How far before its byte range a dictionary may begin.
const BEFORE: u64 = 4_096;
/// How far behind the byte range, or behind the value, its other entries may stand.
const BEHIND: u64 = 4_096;

pub(super) fn look(mut document: impl Read + Seek) -> std::io::Result<SealReport> {
    let mut report = SealReport::of(DocumentKind::Pdf);
    let length = document.seek(SeekFrom::End(0))?;
    for place in places(&mut document, &mut report)? {
        match seal_at(&mut document, place, length)? {
            Some(seal) => report.seals.push(seal),
            None => report.unread.push(format!("a byte range at {place}")),
        }
    }
    Ok(report)
}

/// Where the mark stands; pieces overlap, so that none is cut in two.
fn places(document: &mut (impl Read + Seek), report: &mut SealReport) -> std::io::Result<Vec<u64>> {
    document.seek(SeekFrom::Start(0))?;
    let finder = memchr::memmem::Finder::new(MARK);
    let (mut places, mut piece, mut kept, mut start) = (Vec::new(), vec![0; PIECE], 0, 0_u64);
    loop {
        let fresh = piece.get_mut(kept..).unwrap_or_default();
        let read = read_up_to(document, fresh)?;
        let filled = kept + read;
        for found in finder.find_iter(piece.get(..filled).unwrap_or_default()) {
            if places.len() == SEALS_MAX {
                report.unread.push(format!("signatures beyond the {SEALS_MAX}th"));
                return Ok(places);
            }
            places.push(start + found as u64);
        }
        if read == 0 {
            return Ok(places);
        }
        kept = filled.min(MARK.len() - 1);
        piece.copy_within(filled - kept..filled, 0);
        start += (filled - kept) as u64;
    }
}

fn range(document: &mut (impl Read + Seek), from: u64, to: u64) -> std::io::Result<Vec<u8>> {
    let wanted = usize::try_from(to.saturating_sub(from).min(LOOKED_AT_MAX)).unwrap_or_default();
    document.seek(SeekFrom::Start(from))?;
    let mut bytes = vec![0; wanted];
    let read = read_up_to(document, &mut bytes)?;
    bytes.truncate(read);
    Ok(bytes)
}

/// The signature whose byte range stands there; `None` when it is no four numbers that make sense in a file of this length.
fn seal_at(document: &mut (impl Read + Seek), place: u64, length: u64) -> std::io::Result<Option<Seal>> {
    let behind = range(document, place, place + BEHIND)?;
    let Some([first, first_length, second, second_length]) = numbers(&behind) else { return Ok(None) };
    let (Some(gap), Some(end)) = (first.checked_add(first_length), second.checked_add(second_length)) else {
        return Ok(None);
    };
    if gap > second || end > length {
        return Ok(None);
    }
    // The dictionary goes on around the value that fills the gap.
    let before = range(document, place.saturating_sub(BEFORE), place)?;
    let after = range(document, second, second.saturating_add(BEHIND))?;
    let opening = before.windows(2).rposition(|two| two == b"<<").map_or(0, |at| at + 2);
    let closing = after.windows(2).position(|two| two == b">>").unwrap_or(after.len());
    let mut dictionary = before.get(opening..).unwrap_or_default().to_vec();
    // Up to the value, which is hexadecimal and would be read for names.
    let until = behind.iter().position(|byte| *byte == b'<').unwrap_or(behind.len());
    dictionary.extend_from_slice(behind.get(..until).unwrap_or_default());
    dictionary.push(b' ');
    dictionary.extend_from_slice(after.get(..closing).unwrap_or_default());
    let value = second.saturating_sub(gap);
    Ok(Some(Seal {
        name: format!("@{place}"),
        form: name(&dictionary, b"/SubFilter"),
        signer: text(&dictionary, b"/Name"),
        method: name(&dictionary, b"/Filter"),
        time: text(&dictionary, b"/M"),
        covers: first_length.checked_add(second_length),
        covers_all: Some(first == 0 && end == length),
        // Two digits a byte, between angle brackets.
        value_bytes: Some(value.saturating_sub(2) / 2),
    }))
}

/// The four numbers of `/ByteRange [a b c d]`.
fn numbers(bytes: &[u8]) -> Option<[u64; 4]> {
    let rest = bytes.get(MARK.len()..)?;
    let open = rest.iter().position(|byte| !byte.is_ascii_whitespace())?;
    let inside = rest.get(open..)?.strip_prefix(b"[")?;
    let close = inside.iter().take(200).position(|byte| *byte == b']')?;
    let text = std::str::from_utf8(inside.get(..close)?).ok()?;
    let numbers: Vec<u64> = text.split_ascii_whitespace().map(str::parse).collect::<Result<_, _>>().ok()?;
    numbers.try_into().ok()
}

/// What follows a key; the key itself is not the beginning of a longer one.
fn behind<'a>(dictionary: &'a [u8], key: &[u8]) -> Option<&'a [u8]> {
    memchr::memmem::find_iter(dictionary, key).find_map(|at| {
        let rest = dictionary.get(at + key.len()..)?;
        let is_whole = rest.first().is_none_or(|byte| !byte.is_ascii_alphanumeric());
        is_whole.then(|| rest.trim_ascii_start())
    })
}

/// A name, such as `/Adobe.PPKLite`.
fn name(dictionary: &[u8], key: &[u8]) -> Option<String> {
    let rest = behind(dictionary, key)?.strip_prefix(b"/")?;
    let end = rest.iter().position(|byte| !(byte.is_ascii_alphanumeric() || b".-_".contains(byte)));
    shown(std::str::from_utf8(rest.get(..end.unwrap_or(rest.len()))?).ok()?)
}

/// A text in brackets, in UTF-16 with its mark or in single bytes.
fn text(dictionary: &[u8], key: &[u8]) -> Option<String> {
    let rest = behind(dictionary, key)?.strip_prefix(b"(")?;
    let mut bytes = Vec::new();
    let mut depth = 0_u32;
    let mut escaped = false;
    for byte in rest.iter().take(1_000) {
        match (escaped, byte) {
            (true, _) => {
                bytes.push(*byte);
                escaped = false;
            }
            (false, b'\\') => escaped = true,
            (false, b')') if depth == 0 => return decoded(&bytes),
            (false, b')') => {
                depth -= 1;
                bytes.push(*byte);
            }
            (false, b'(') => {
                depth += 1;
                bytes.push(*byte);
            }
            (false, _) => bytes.push(*byte),
        }
    }
    None
}

fn decoded(bytes: &[u8]) -> Option<String> {
    match bytes.strip_prefix(b"\xFE\xFF") {
        Some(wide) => {
            let units =
                wide.chunks_exact(2).map(|two| two.iter().fold(0_u16, |unit, byte| unit << 8 | u16::from(*byte)));
            shown(&char::decode_utf16(units).map(|one| one.unwrap_or('\u{fffd}')).collect::<String>())
        }
        None => shown(&bytes.iter().map(|byte| char::from(*byte)).collect::<String>()),
    }
}
