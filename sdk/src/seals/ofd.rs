//! OFD packages: `OFD.xml` names `Signatures.xml`, which names each signature's own file.

use std::io::{Read, Seek};

use roxmltree::{Document, Node, ParsingOptions};
use zip::ZipArchive;

use super::{DocumentKind, LOOKED_AT_MAX, SEALS_MAX, Seal, SealReport, shown};

/// The most files of a package.
const FILES_MAX: usize = 20_000;
/// How deep an element may lie.
const NODES_MAX: u32 = 100_000;

pub(super) fn look(document: impl Read + Seek) -> SealReport {
    let mut report = SealReport::of(DocumentKind::Ofd);
    let mut package = match ZipArchive::new(document) {
        Ok(package) if package.len() <= FILES_MAX => package,
        Ok(_) => {
            report.unread.push(format!("more than {FILES_MAX} files"));
            return report;
        }
        Err(_) => {
            report.unread.push("the package".to_owned());
            return report;
        }
    };
    let Some(root) = text_of(&mut package, "OFD.xml", &mut report) else {
        // Another package, such as a text document: it has a kind of its own, and nothing is said about its seals.
        return SealReport::of(DocumentKind::Other);
    };
    for list in lists(&root, &mut report) {
        signatures(&mut package, &list, &mut report);
    }
    report
}

/// Where the lists of signatures are: one for each document of the package.
fn lists(root: &str, report: &mut SealReport) -> Vec<String> {
    let Some(parsed) = parsed(root) else {
        report.unread.push("OFD.xml".to_owned());
        return Vec::new();
    };
    let named = parsed.descendants().filter(|node| node.tag_name().name() == "Signatures");
    named.filter_map(|node| node.text()).map(|text| in_package("", text)).take(SEALS_MAX).collect()
}

fn signatures<R: Read + Seek>(package: &mut ZipArchive<R>, list: &str, report: &mut SealReport) {
    let Some(text) = text_of(package, list, report) else { return };
    let Some(parsed) = parsed(&text) else {
        report.unread.push(list.to_owned());
        return;
    };
    let folder = folder_of(list);
    for node in parsed.descendants().filter(|node| node.tag_name().name() == "Signature") {
        if report.seals.len() == SEALS_MAX {
            report.unread.push(format!("signatures beyond the {SEALS_MAX}th"));
            return;
        }
        let name = node.attribute("ID").and_then(shown).unwrap_or_default();
        let mut seal = Seal { name, form: node.attribute("Type").and_then(shown), ..Seal::default() };
        if let Some(place) = node.attribute("BaseLoc") {
            signature(package, &in_package(folder, place), &mut seal, report);
        }
        report.seals.push(seal);
    }
}

/// What a signature's own file says.
fn signature<R: Read + Seek>(package: &mut ZipArchive<R>, path: &str, seal: &mut Seal, report: &mut SealReport) {
    let Some(text) = text_of(package, path, report) else { return };
    let Some(parsed) = parsed(&text) else {
        report.unread.push(path.to_owned());
        return;
    };
    let find = |name: &str| parsed.descendants().find(|node| node.tag_name().name() == name);
    let text_in = |name: &str| find(name).and_then(|node| node.text()).and_then(shown);
    if let Some(provider) = find("Provider") {
        let words = ["ProviderName", "Company", "Version"].map(|name| provider.attribute(name).and_then(shown));
        seal.signer = shown(&words.into_iter().flatten().collect::<Vec<_>>().join(" "));
    }
    seal.method = text_in("SignatureMethod");
    seal.time = text_in("SignatureDateTime");
    let references = parsed.descendants().filter(|node: &Node<'_, '_>| node.tag_name().name() == "Reference");
    seal.covers = Some(references.count() as u64);
    if let Some(place) = find("SignedValue").and_then(|node| node.text()) {
        let place = in_package(folder_of(path), place);
        match package.by_name(&place) {
            Ok(value) => seal.value_bytes = Some(value.size()),
            Err(_) => report.unread.push(place),
        }
    }
}

/// The text of one file of the package; `None` when it is not there, too long or no text.
fn text_of<R: Read + Seek>(package: &mut ZipArchive<R>, path: &str, report: &mut SealReport) -> Option<String> {
    let Ok(file) = package.by_name(path) else {
        report.unread.push(shown(path).unwrap_or_default());
        return None;
    };
    // What unpacks to more than is looked at is not unpacked.
    let mut bytes = Vec::new();
    match file.take(LOOKED_AT_MAX + 1).read_to_end(&mut bytes) {
        Ok(count) if count as u64 <= LOOKED_AT_MAX => {}
        _ => {
            report.unread.push(shown(path).unwrap_or_default());
            return None;
        }
    }
    String::from_utf8(bytes).ok().map(|text| text.trim_start_matches('\u{feff}').to_owned())
}

/// XML without a document type: none that could grow beyond what was read.
fn parsed(text: &str) -> Option<Document<'_>> {
    let options = ParsingOptions { allow_dtd: false, nodes_limit: NODES_MAX, ..ParsingOptions::default() };
    Document::parse_with_options(text, options).ok()
}

fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// A place as it stands in a file of `folder`: from the package's root when it begins with a slash, else from there.
fn in_package(folder: &str, place: &str) -> String {
    let place = place.trim();
    let whole = match place.strip_prefix('/') {
        Some(rest) => rest.to_owned(),
        None if folder.is_empty() => place.to_owned(),
        None => format!("{folder}/{place}"),
    };
    let mut parts: Vec<&str> = Vec::new();
    for part in whole.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            other => parts.push(other),
        }
    }
    parts.join("/")
}
