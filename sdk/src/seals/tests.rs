use std::io::{Cursor, Write as _};

use proptest::prelude::*;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::*;

/// A package with these files.
fn package(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in files {
        writer.start_file(*name, SimpleFileOptions::default()).unwrap();
        writer.write_all(content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

const ROOT: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<ofd:OFD xmlns:ofd="http://www.ofdspec.org/2016" Version="1.1" DocType="OFD"><ofd:DocBody>
<ofd:DocRoot>Doc_0/Document.xml</ofd:DocRoot><ofd:Signatures>Doc_0/Signs/Signatures.xml</ofd:Signatures>
</ofd:DocBody></ofd:OFD>"#;
const LIST: &str = r#"<ofd:Signatures xmlns:ofd="http://www.ofdspec.org/2016"><ofd:MaxSignId>1</ofd:MaxSignId>
<ofd:Signature ID="1" Type="Seal" BaseLoc="Sign_0/Signature.xml"/></ofd:Signatures>"#;
const SIGNATURE: &str = r#"<ofd:Signature xmlns:ofd="http://www.ofdspec.org/2016"><ofd:SignedInfo>
<ofd:Provider ProviderName="测试签章" Company="测试机构" Version="1.0"/>
<ofd:SignatureMethod>1.2.156.10197.1.501</ofd:SignatureMethod><ofd:SignatureDateTime>20261123100000Z</ofd:SignatureDateTime>
<ofd:References CheckMethod="1.2.156.10197.1.401"><ofd:Reference FileRef="/OFD.xml"><ofd:CheckValue>AA==</ofd:CheckValue></ofd:Reference>
<ofd:Reference FileRef="/Doc_0/Document.xml"><ofd:CheckValue>AA==</ofd:CheckValue></ofd:Reference></ofd:References>
</ofd:SignedInfo><ofd:SignedValue>/Doc_0/Signs/Sign_0/SignedValue.dat</ofd:SignedValue></ofd:Signature>"#;

fn ofd(files: &[(&str, &str)]) -> SealReport {
    let files: Vec<_> = files.iter().map(|(name, text)| (*name, text.as_bytes())).collect();
    seals_in(Cursor::new(package(&files))).unwrap()
}

#[test]
fn an_ofd_document_tells_who_says_that_he_sealed_it_and_how_much() {
    let report = ofd(&[
        ("OFD.xml", ROOT),
        ("Doc_0/Signs/Signatures.xml", LIST),
        ("Doc_0/Signs/Sign_0/Signature.xml", SIGNATURE),
        ("Doc_0/Signs/Sign_0/SignedValue.dat", "0123456789"),
    ]);
    let expected = Seal {
        name: "1".to_owned(),
        form: Some("Seal".to_owned()),
        signer: Some("测试签章 测试机构 1.0".to_owned()),
        method: Some("1.2.156.10197.1.501".to_owned()),
        time: Some("20261123100000Z".to_owned()),
        covers: Some(2),
        covers_all: None,
        value_bytes: Some(10),
    };
    assert_eq!((report.kind, report.seals, report.unread), (DocumentKind::Ofd, vec![expected], vec![]));
    assert_eq!(report.verification, Verification::NotVerified);
}

#[test]
fn what_an_ofd_document_does_not_hold_is_reported_and_not_guessed() {
    let missing = ofd(&[("OFD.xml", ROOT)]);
    assert_eq!((missing.seals.len(), missing.unread), (0, vec!["Doc_0/Signs/Signatures.xml".to_owned()]));
    let half = ofd(&[("OFD.xml", ROOT), ("Doc_0/Signs/Signatures.xml", LIST)]);
    assert_eq!((half.seals.len(), half.unread), (1, vec!["Doc_0/Signs/Sign_0/Signature.xml".to_owned()]));
    let unsigned = ofd(&[("OFD.xml", "<OFD><DocBody/></OFD>")]);
    assert_eq!((unsigned.kind, unsigned.seals, unsigned.unread), (DocumentKind::Ofd, vec![], vec![]));
    let other = ofd(&[("word/document.xml", "<document/>")]);
    assert_eq!((other.kind, other.unread), (DocumentKind::Other, vec![]));
}

#[test]
fn hostile_packages_are_bounded() {
    let entities =
        r#"<!DOCTYPE a [<!ENTITY b "bbbbbbbbbb"><!ENTITY c "&b;&b;&b;">]><OFD><Signatures>&c;</Signatures></OFD>"#;
    let report = ofd(&[("OFD.xml", entities)]);
    assert_eq!((report.seals.len(), report.unread), (0, vec!["OFD.xml".to_owned()]));
    let bomb = vec![b' '; 64 * 1_024 * 1_024];
    let packed = package(&[("OFD.xml", &bomb)]);
    assert!(packed.len() < 200_000, "it packs well");
    assert!(seals_in(Cursor::new(packed)).unwrap().seals.is_empty());
    let many: String = (0..100).map(|id| format!(r#"<Signature ID="{id}"/>"#)).collect();
    let list = format!("<Signatures>{many}</Signatures>");
    let report = ofd(&[("OFD.xml", ROOT), ("Doc_0/Signs/Signatures.xml", &list)]);
    assert_eq!((report.seals.len(), report.unread.len()), (SEALS_MAX, 1));
    let outside = r#"<Signatures><Signature ID="1" BaseLoc="../../../../etc/passwd"/></Signatures>"#;
    let report = ofd(&[("OFD.xml", ROOT), ("Doc_0/Signs/Signatures.xml", outside)]);
    assert_eq!(report.unread, ["etc/passwd"], "a place is one in the package, and there is none");
}

/// A signed PDF of synthetic content; `tail` stands behind what is covered.
fn pdf(tail: &str) -> Vec<u8> {
    let value = format!("<{}>", "00".repeat(64));
    let head = "%PDF-1.7\n1 0 obj\n<< /Type /Sig /Filter /Adobe.PPKLite /SubFilter /adbe.pkcs7.detached \
                /Name (\u{6d4b}) /M (D:20261123100000+08'00') /ByteRange [0 AAAAAAAAAA BBBBBBBBBB CCCCCCCCCC] /Contents ";
    let head = head.replace('\u{6d4b}', "Test \\(Office\\)");
    let end = " >>\nendobj\n%%EOF\n";
    let (gap, second) = (head.len(), head.len() + value.len());
    let head = head.replace("AAAAAAAAAA", &format!("{gap:010}"));
    let head =
        head.replace("BBBBBBBBBB", &format!("{second:010}")).replace("CCCCCCCCCC", &format!("{:010}", end.len()));
    format!("{head}{value}{end}{tail}").into_bytes()
}

#[test]
fn a_pdf_document_tells_what_its_signature_covers() {
    let report = seals_in(Cursor::new(pdf(""))).unwrap();
    assert_eq!((report.kind, report.unread, report.seals.len()), (DocumentKind::Pdf, vec![], 1));
    let seal = &report.seals[0];
    assert_eq!(seal.form.as_deref(), Some("adbe.pkcs7.detached"));
    assert_eq!(seal.method.as_deref(), Some("Adobe.PPKLite"));
    assert_eq!(seal.signer.as_deref(), Some("Test (Office)"));
    assert_eq!(seal.time.as_deref(), Some("D:20261123100000+08'00'"));
    assert_eq!((seal.covers_all, seal.value_bytes), (Some(true), Some(64)));
    let changed = seals_in(Cursor::new(pdf("2 0 obj\n<< >>\nendobj\n%%EOF\n"))).unwrap();
    assert_eq!(changed.seals[0].covers_all, Some(false), "something was added behind what was signed");
}

#[test]
fn a_mark_at_the_border_of_two_pieces_is_found_and_a_range_beyond_the_file_is_not_believed() {
    for shift in 0..24 {
        let mut bytes = b"%PDF-1.7\n".to_vec();
        bytes.resize(256 * 1_024 - 12 + shift, b' ');
        bytes.extend_from_slice(b"<< /ByteRange [0 10 20 30] /SubFilter /a >>");
        let report = seals_in(Cursor::new(bytes)).unwrap();
        assert_eq!(report.seals.len(), 1, "{shift}");
    }
    for range in ["0 10 20 99999", "0 18446744073709551615 1 1", "0 10 5 1", "0 10 20", "0 10 20 30 40", "a b c d", ""]
    {
        let bytes = format!("%PDF-1.7\n<< /ByteRange [{range}] >>{}", " ".repeat(100)).into_bytes();
        let report = seals_in(Cursor::new(bytes)).unwrap();
        assert_eq!((report.seals.len(), report.unread.len()), (0, 1), "{range}");
    }
}

proptest! {
    #[test]
    fn no_damage_makes_it_panic_or_report_more_than_it_may(
        places in prop::collection::vec((0_usize..4_000, any::<u8>()), 0..40),
        cut in 0_usize..4_000,
        is_pdf in any::<bool>(),
    ) {
        let mut bytes = if is_pdf {
            pdf("")
        } else {
            package(&[
                ("OFD.xml", ROOT.as_bytes()),
                ("Doc_0/Signs/Signatures.xml", LIST.as_bytes()),
                ("Doc_0/Signs/Sign_0/Signature.xml", SIGNATURE.as_bytes()),
            ])
        };
        for (place, byte) in places {
            let length = bytes.len();
            bytes[place % length] = byte;
        }
        bytes.truncate(bytes.len().max(1) - cut % bytes.len());
        let report = seals_in(Cursor::new(bytes)).unwrap();
        prop_assert!(report.seals.len() <= SEALS_MAX);
    }
}
