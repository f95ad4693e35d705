//! The mistakes that people make, each as the message or signature it leads to.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::{Failed, der, json_text, other};
use crate::{Digest, KeyId, PublicKey, RecordKind, SignatureValue, Verifier};

macro_rules! causes {
    ($($(#[$docs:meta])* $cause:ident $word:literal $zh:literal $en:literal;)*) => {
        /// A mistake that fits a signature.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum LikelyCause { $($(#[$docs])* $cause,)* }

        impl LikelyCause {
            /// Every cause, in the order in which they are tried.
            pub const ALL: &'static [Self] = &[$(Self::$cause),*];

            /// The word for machines.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$cause => $word,)* }
            }

            /// The cause and its remedy in Chinese.
            pub const fn zh(self) -> &'static str {
                match self { $(Self::$cause => $zh,)* }
            }

            /// The cause and its remedy in English.
            pub const fn en(self) -> &'static str {
                match self { $(Self::$cause => $en,)* }
            }
        }
    };
}

causes! {
    /// ASN.1 instead of r‖s.
    DerSignature "der-signature"
        "签名是 ASN.1 DER 编码；本协议要求 64 字节的 r‖s，每半左侧补零到 32 字节。"
        "The signature is ASN.1 DER; this protocol takes r‖s of 64 bytes, each half padded on the left to 32.";
    /// Hexadecimal or base64 text instead of its bytes.
    TextSignature "text-signature"
        "签名是十六进制或 base64 文本被再次编码；应只对 64 个字节做一次 base64。"
        "The signature is hexadecimal or base64 text that was encoded again; encode the 64 bytes once.";
    /// Halves without leading zeros.
    UnpaddedHalves "unpadded-halves"
        "r 或 s 去掉了前导零；每半须左侧补零到 32 字节。"
        "r or s lost its leading zeros; pad each half on the left to 32 bytes.";
    /// Little-endian halves.
    LittleEndian "little-endian"
        "r、s 按小端序书写；SM2 要求大端序。"
        "r and s were written little-endian; SM2 takes big-endian.";
    /// s‖r.
    SwappedHalves "swapped-halves"
        "r 与 s 的次序颠倒；应为 r‖s。"
        "r and s were swapped; the order is r‖s.";
    /// Another SM2 user id, or none.
    OtherUserId "other-user-id"
        "SM2 的用户标识不对或缺失；应为 1234567812345678。"
        "The SM2 user id is another one or missing; it is 1234567812345678.";
    /// The digest of the message was signed.
    SignedDigest "signed-digest"
        "签的是摘要而不是报文本身（多做了一次杂凑）；请把原始字节交给签名函数。"
        "The digest was signed instead of the message (hashed twice); hand the bytes themselves to the signing function.";
    /// The digest by the other suite's hash.
    SignedOtherDigest "signed-other-digest"
        "签的是另一套件的摘要；请直接对原始字节签名，套件由密钥记录决定。"
        "A digest by the other suite's hash was signed; sign the bytes themselves, the key record decides the suite.";
    /// The hexadecimal text of the digest.
    SignedDigestText "signed-digest-text"
        "签的是摘要的十六进制文本；请把原始字节交给签名函数。"
        "The digest's hexadecimal text was signed; hand the bytes themselves to the signing function.";
    /// The base64 of the message.
    SignedBase64 "signed-base64"
        "签的是报文的 base64 文本；请对原始字节签名。"
        "The base64 of the message was signed; sign the bytes themselves.";
    /// A line feed at the end.
    TrailingNewline "trailing-newline"
        "待签字节末尾多了换行；末行之后没有换行。"
        "There was a line feed at the end; the last line has none.";
    /// CR LF between the lines.
    CrLf "crlf"
        "行间用了 CRLF；应只用 LF。"
        "Lines were joined by CRLF; only LF stands between them.";
    /// No tag and key id in front of the record.
    MissingTag "missing-tag"
        "只签了记录本身；待签字节为“标签 LF 密钥标识 LF 记录”。"
        "Only the record was signed; the message is tag LF key id LF record.";
    /// No key id in front of the record.
    MissingKeyId "missing-key-id"
        "待签字节缺少密钥标识一行；应为“标签 LF 密钥标识 LF 记录”。"
        "The line of the key id is missing; the message is tag LF key id LF record.";
    /// Another key of the same sender.
    OtherKey "other-key"
        "签名用的是同一单位的另一把密钥；请核对私钥与所填密钥编号是否对应。"
        "Another key of the same party signed; check that private key and key id belong together.";
    /// The id of another key in front of the record.
    OtherKeyIdLine "other-key-id-line"
        "待签字节中的密钥编号与随签名发送的不同；两处须一致。"
        "The key id in the signed bytes is not the one sent beside the signature; both must be the same.";
    /// The tag of another kind of record.
    OtherTag "other-tag"
        "用了另一类记录的标签；请核对记录类别。"
        "The tag of another kind of record was used; check the kind.";
    /// JSON parsed and written again.
    ReencodedJson "reencoded-json"
        "签名后 JSON 被重新编码（空格、次序或转义变了）；须发送被签名的原字节。"
        "The JSON was written anew after signing (blanks, order or escapes changed); send the very bytes that were signed.";
    /// `@query` without its question mark.
    QueryWithoutMark "query-without-mark"
        "@query 缺少开头的“?”；没有查询串时也要写“?”。"
        "@query lacks its question mark, which stands there also when there is no query.";
    /// The method in lower case.
    LowerCaseMethod "lower-case-method"
        "@method 写成了小写；应为大写。"
        "@method was written in lower case; it is in capitals.";
    /// The query's place left out.
    NoQueryLine "no-query-line"
        "待签字符串缺少 @query 一行；没有查询串时也要写 \"@query\": ?。"
        "The line of @query is missing, which stands there also when there is no query.";
}

/// The first mistake that fits.
pub(super) fn find(
    failed: &Failed<'_>,
    verifier: &dyn Verifier,
    otherwise: &[(LikelyCause, &dyn Verifier)],
) -> Option<LikelyCause> {
    let fits = |message: &[u8], signature: &[u8; 64]| {
        verifier.verify(failed.key, message, &SignatureValue::from_bytes(*signature)).is_ok()
    };
    let written_otherwise = signatures(failed.signature);
    if let Some((cause, _)) = written_otherwise.iter().find(|(_, signature)| fits(failed.message, signature)) {
        return Some(*cause);
    }
    // Two mistakes at once are common: a wrong message in a signature that is also written wrongly.
    let as_it_came = <[u8; 64]>::try_from(failed.signature).ok();
    let signatures: Vec<_> = as_it_came.into_iter().chain(written_otherwise.into_iter().map(|(_, s)| s)).collect();
    let arithmetic = otherwise.iter().find(|(_, verifier)| {
        let accepts =
            |s: &[u8; 64]| verifier.verify(failed.key, failed.message, &SignatureValue::from_bytes(*s)).is_ok();
        signatures.iter().any(accepts)
    });
    if let Some((cause, _)) = arithmetic {
        return Some(*cause);
    }
    let message = messages(failed).into_iter().find(|(_, message)| signatures.iter().any(|s| fits(message, s)));
    message.map(|(cause, _)| cause).or_else(|| of_other_keys(failed, verifier, &signatures))
}

/// Another key than the one named, or its id in the message.
fn of_other_keys(failed: &Failed<'_>, verifier: &dyn Verifier, signatures: &[[u8; 64]]) -> Option<LikelyCause> {
    let fits = |key: &PublicKey, message: &[u8]| {
        signatures.iter().any(|s| verifier.verify(key, message, &SignatureValue::from_bytes(*s)).is_ok())
    };
    failed.other_keys.iter().find_map(|(key_id, key)| {
        let renamed = with_key_id(failed.message, key_id);
        let renamed = renamed.as_deref();
        if fits(key, failed.message) || renamed.is_some_and(|message| fits(key, message)) {
            return Some(LikelyCause::OtherKey);
        }
        renamed.is_some_and(|message| fits(failed.key, message)).then_some(LikelyCause::OtherKeyIdLine)
    })
}

/// A record's message with another key id in its second line; `None` for the base of a hop signature.
fn with_key_id(message: &[u8], key_id: &KeyId) -> Option<Vec<u8>> {
    if message.starts_with(b"\"@method\": ") {
        return None;
    }
    let mut parts = message.splitn(3, |byte| *byte == b'\n');
    let (tag, _, record) = (parts.next()?, parts.next()?, parts.next()?);
    Some([tag, b"\n", key_id.as_str().as_bytes(), b"\n", record].concat())
}

/// The signature as it should have been written, for each way of writing it wrongly.
fn signatures(bytes: &[u8]) -> Vec<(LikelyCause, [u8; 64])> {
    let mut found = encodings(bytes);
    if let Ok(bytes) = <[u8; 64]>::try_from(bytes) {
        let (r, s) = bytes.split_at(32);
        found.push((LikelyCause::SwappedHalves, joined(s, r)));
        let [r, s] = [r, s].map(|half| half.iter().rev().copied().collect::<Vec<_>>());
        found.push((LikelyCause::LittleEndian, joined(&r, &s)));
    }
    found
}

/// The same for a signature that is not of 64 bytes, or may be taken for something else by its form.
pub(super) fn encodings(bytes: &[u8]) -> Vec<(LikelyCause, [u8; 64])> {
    let mut found = Vec::new();
    if let Some(raw) = der::raw(bytes) {
        found.push((LikelyCause::DerSignature, raw));
    }
    if let Some(raw) = core::str::from_utf8(bytes).ok().and_then(decoded) {
        found.push((LikelyCause::TextSignature, raw));
    }
    // At most three zeros are likely; more would be tried in vain.
    if (58..64).contains(&bytes.len()) {
        for split in bytes.len() - 32..=32 {
            let (r, s) = bytes.split_at(split);
            found.push((LikelyCause::UnpaddedHalves, joined(r, s)));
        }
    }
    found
}

/// Two halves of at most 32 bytes, each padded on the left.
fn joined(r: &[u8], s: &[u8]) -> [u8; 64] {
    let mut raw = [0; 64];
    raw[32 - r.len()..32].copy_from_slice(r);
    raw[64 - s.len()..].copy_from_slice(s);
    raw
}

fn decoded(text: &str) -> Option<[u8; 64]> {
    let bytes = match STANDARD.decode(text) {
        Ok(bytes) if bytes.len() == 64 => bytes,
        _ if text.len() == 128 => {
            (0..64).map(|i| u8::from_str_radix(text.get(i * 2..i * 2 + 2)?, 16).ok()).collect::<Option<_>>()?
        }
        _ => return None,
    };
    bytes.try_into().ok()
}

/// The message that was signed instead, for each mistake.
fn messages(failed: &Failed<'_>) -> Vec<(LikelyCause, Vec<u8>)> {
    let (message, suite) = (failed.message, failed.key.suite());
    let digest = Digest::of(suite, message);
    let hexadecimal: String = digest.as_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    let mut found: Vec<(LikelyCause, Vec<u8>)> = Vec::from([
        (LikelyCause::SignedDigest, digest.as_bytes().to_vec()),
        (LikelyCause::SignedOtherDigest, Digest::of(other(suite), message).as_bytes().to_vec()),
        (LikelyCause::SignedDigestText, hexadecimal.to_uppercase().into_bytes()),
        (LikelyCause::SignedDigestText, hexadecimal.into_bytes()),
        (LikelyCause::SignedBase64, STANDARD.encode(message).into_bytes()),
        (LikelyCause::TrailingNewline, [message, b"\n"].concat()),
        (LikelyCause::TrailingNewline, [message, b"\r\n"].concat()),
        (LikelyCause::CrLf, with_crlf(message)),
    ]);
    if message.starts_with(b"\"@method\": ") {
        found.extend(core::str::from_utf8(message).map(hop_bases).unwrap_or_default());
    } else {
        found.extend(record_messages(message));
    }
    found
}

fn with_crlf(message: &[u8]) -> Vec<u8> {
    let lines: Vec<&[u8]> = message.split(|byte| *byte == b'\n').collect();
    lines.join(&b"\r\n"[..])
}

/// Mistakes in the base of a hop signature.
fn hop_bases(base: &str) -> Vec<(LikelyCause, Vec<u8>)> {
    let query = base.lines().find(|line| line.starts_with("\"@query\": "));
    let without_query: Vec<&str> = base.lines().filter(|line| !line.starts_with("\"@query\": ")).collect();
    let method = base.lines().next().unwrap_or_default();
    let lower = method.replacen(&method[11..], &method[11..].to_lowercase(), 1);
    let mut found = Vec::from([
        (LikelyCause::LowerCaseMethod, base.replacen(method, &lower, 1).into_bytes()),
        (LikelyCause::NoQueryLine, without_query.join("\n").into_bytes()),
    ]);
    if let Some(query) = query {
        let without_mark = query.replacen("\"@query\": ?", "\"@query\": ", 1);
        found.push((LikelyCause::QueryWithoutMark, base.replacen(query, &without_mark, 1).into_bytes()));
    }
    found
}

/// Mistakes in the message of a record: tag, key id and the record's bytes.
fn record_messages(message: &[u8]) -> Vec<(LikelyCause, Vec<u8>)> {
    let mut parts = message.splitn(3, |byte| *byte == b'\n');
    let (Some(tag), Some(key_id), Some(record)) = (parts.next(), parts.next(), parts.next()) else {
        return Vec::new();
    };
    let whole = |tag: &[u8], record: &[u8]| [tag, b"\n", key_id, b"\n", record].concat();
    let mut found = Vec::from([
        (LikelyCause::MissingTag, record.to_vec()),
        (LikelyCause::MissingKeyId, [tag, b"\n", record].concat()),
        (LikelyCause::TrailingNewline, whole(tag, record.trim_ascii_end())),
    ]);
    for kind in RecordKind::ALL {
        found.push((LikelyCause::OtherTag, whole(kind.tag().as_bytes(), record)));
    }
    if let Ok(value) = serde_json::from_slice::<Value>(record) {
        for (comma, colon) in [(",", ":"), (", ", ": ")] {
            let text = json_text::laid_out(record, comma.as_bytes(), colon.as_bytes());
            found.push((LikelyCause::ReencodedJson, whole(tag, &text)));
        }
        // One form without blanks, one indented; a library that sorts members gives the first.
        for text in [serde_json::to_vec(&value), serde_json::to_vec_pretty(&value)].into_iter().flatten() {
            found.push((LikelyCause::ReencodedJson, whole(tag, &text)));
        }
        let ascii = escaped(&value);
        found.push((LikelyCause::ReencodedJson, whole(tag, ascii.as_bytes())));
    }
    found
}

/// Compact JSON with every character beyond ASCII escaped, as some libraries write it.
fn escaped(value: &Value) -> String {
    let mut text = String::new();
    for character in format!("{value}").chars() {
        if character.is_ascii() {
            text.push(character);
        } else {
            for unit in character.encode_utf16(&mut [0; 2]) {
                text.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    text
}
