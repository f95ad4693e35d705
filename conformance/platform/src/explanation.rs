//! Why a signature does not verify: found out for whoever sent it, and bounded in what it costs.
//!
//! The sender learns his own key id, length and digest of what the platform rebuilt from his own request, and his mistake.
//! Only keys of the same party are tried; nothing of any other party can be learnt here.

use std::sync::atomic::{AtomicBool, Ordering};

use rusqlite::Connection;
use tongqiao_protocol::explain::{Failed, LikelyCause, SignatureExplanation, explain};
use tongqiao_protocol::{KeyId, PublicKey};

use crate::crypto::{OtherUserIds, OwnVerifier};
use crate::database::DatabaseError;
use crate::directory;

/// User ids seen in the field instead of the standard's: none, the example of the standard, TLS 1.3 by RFC 8998, and short.
const OTHER_USER_IDS: [&str; 4] = ["", "ALICE123@YAHOO.COM", "TLSv1.3+GM+Cipher+Suite", "12345678"];

/// One explanation at a time: forty verifications for one bad signature must not become a way to keep the platform busy.
#[derive(Debug, Default)]
pub(crate) struct Desk(AtomicBool);

/// A signature that does not verify.
pub(crate) struct Doubtful<'a> {
    pub(crate) keyid: &'a KeyId,
    pub(crate) key: &'a PublicKey,
    pub(crate) party: &'a str,
    pub(crate) message: &'a [u8],
    pub(crate) signature: &'a [u8],
}

impl Desk {
    /// Why; `None` when another explanation is under way.
    pub(crate) fn explain(
        &self,
        doubtful: &Doubtful<'_>,
        others: &[(KeyId, PublicKey)],
    ) -> Option<SignatureExplanation> {
        if self.0.swap(true, Ordering::AcqRel) {
            return None;
        }
        let Doubtful { keyid, key, party, message, signature } = *doubtful;
        let mut user_ids = OTHER_USER_IDS.to_vec();
        user_ids.extend([keyid.as_str(), party]);
        let other_user_ids = OtherUserIds(&user_ids);
        let others: Vec<_> = others.iter().map(|(id, key)| (id, key)).collect();
        let failed = Failed { key_id: keyid, key, message, signature, claimed: None, other_keys: &others };
        let found = explain(&failed, &OwnVerifier, &[(LikelyCause::OtherUserId, &other_user_ids)]);
        self.0.store(false, Ordering::Release);
        found
    }
}

/// The other keys of a key's party, a few of them.
pub(crate) fn other_keys(connection: &Connection, keyid: &KeyId) -> Result<Vec<(KeyId, PublicKey)>, DatabaseError> {
    const MOST: usize = 8;
    let Some((_, party)) = directory::find_key(connection, keyid)? else { return Ok(Vec::new()) };
    let keys = directory::keys_of_party(connection, &party.id)?;
    Ok(keys.into_iter().filter(|key| key.id != *keyid).take(MOST).map(|key| (key.id, key.public)).collect())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
    use sm2::dsa::signature::Signer as _;
    use tongqiao_protocol::{Language, Suite};

    use super::*;

    #[test]
    fn an_sm2_signature_under_another_user_id_is_told_so_in_both_languages() {
        let secret = [7; 32];
        let keyid: KeyId = "civil-affairs/1".parse().unwrap();
        let key = crate::crypto::PlatformKey::from_secret(Suite::ShangMi, secret).unwrap();
        for user_id in ["", "ALICE123@YAHOO.COM", "civil-affairs", "civil-affairs/1"] {
            let signer = sm2::dsa::SigningKey::from_slice(user_id, &secret).unwrap();
            let signature: sm2::dsa::Signature = signer.sign(b"message");
            let doubtful = Doubtful {
                keyid: &keyid,
                key: key.public_key(),
                party: "civil-affairs",
                message: b"message",
                signature: &signature.to_bytes(),
            };
            let explanation = Desk::default().explain(&doubtful, &[]).unwrap();
            assert_eq!(explanation.likely_cause, Some(LikelyCause::OtherUserId), "{user_id}");
            for (language, words) in
                [(Language::Chinese, LikelyCause::OtherUserId.zh()), (Language::English, LikelyCause::OtherUserId.en())]
            {
                assert!(explanation.message(language).contains(words));
            }
        }
    }
}
