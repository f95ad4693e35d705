//! The key directory's age, and what it says of the keys that the link and custody receipts stand on.

use tongqiao::{Credentials, Error};
use tongqiao_protocol::key_directory::KeyUse;
use tongqiao_protocol::{KeyDirectory, KeyRecord, Language, PartyId, Timestamp};

use super::finding::{Finding, Said, Subject, span, wall};

const DAY_MS: i64 = 86_400_000;
const MOMENT_MS: i64 = 60_000;
/// Without a newer directory for so long, a key that was revoked since is still believed here.
const OLD_MS: i64 = 7 * DAY_MS;
const TOO_OLD_MS: i64 = 30 * DAY_MS;
/// So long before its end a key should be renewed.
const ENDING_MS: i64 = 30 * DAY_MS;

/// How old the directory is.
pub(super) fn age(directory: Option<&KeyDirectory>, now: Timestamp) -> Finding {
    let fetch = || {
        Said::new(
            "恢复链路即自动更新；市级平台可以直达的，重新执行当初的 tongqiao-edge enrol 命令也会取得新目录，不会更换密钥",
            "it is renewed with the link; where the platform itself can be reached, the tongqiao-edge enrol command that was \
             run at first fetches it, too, and changes no key",
        )
    };
    let Some(directory) = directory else {
        let said =
            Said::new("本机没有可信的密钥目录，无法辨认汇聚节点", "there is none that is believed, and so no hub");
        return Finding::fault(Subject::Directory, said, fetch());
    };
    let age = now.millis_since(directory.issued).max(0);
    let how = span(age);
    let (when, ago) = match age {
        0..MOMENT_MS => ("刚".to_owned(), "just now".to_owned()),
        _ => (format!("{}前", how.text(Language::Chinese)), format!("{} ago", how.text(Language::English))),
    };
    let count = directory.keys.len();
    let said = Said::new(format!("{when}由平台签发，共 {count} 把密钥"), format!("signed {ago}, {count} keys"));
    match age {
        0..OLD_MS => Finding::sound(Subject::Directory, said),
        OLD_MS..TOO_OLD_MS => Finding::warning(Subject::Directory, said, fetch()),
        _ => Finding::fault(Subject::Directory, said, fetch()),
    }
}

/// The platform answered, and its directory is not believed.
pub(super) fn not_renewed(error: &Error) -> Finding {
    let said = |language| format!("{} {}", error.code(), error.message(language));
    Finding::fault(
        Subject::Directory,
        Said::new(
            format!("平台给出的目录不可信，仍用旧的：{}", said(Language::Chinese)),
            format!("the platform's answer is not believed, the former one stays: {}", said(Language::English)),
        ),
        Said::new(
            "立即报告市级平台管理员：可能有人隐瞒密钥吊销，也可能平台恢复了旧备份",
            "tell the city's operator at once: somebody may be hiding a revocation, or the platform came from an old backup",
        ),
    )
}

/// The key by which records, custody receipts and requests are signed.
pub(super) fn signing(directory: &KeyDirectory, credentials: &Credentials, now: Timestamp) -> Finding {
    let key = directory.find(credentials.author_key_id());
    judge(&Said::new("签名密钥", "the signing key"), key, now, enrol_anew())
}

/// The key by which a node or hub is known on the link.
pub(super) fn link(directory: &KeyDirectory, credentials: &Credentials, now: Timestamp) -> Finding {
    let key = credentials.link_key().and_then(|own| {
        let is_own = |key: &&KeyRecord| key.public_key == *own.public_key() && key.key_use == KeyUse::Hop;
        directory.keys.iter().find(is_own)
    });
    judge(&Said::new("链路密钥", "the link's key"), key, now, enrol_anew())
}

/// A node's hub.
pub(super) fn hub(directory: &KeyDirectory, hub: &PartyId, now: Timestamp) -> Finding {
    let hubs = directory.keys.iter().filter(|key| key.party == *hub && key.key_use == KeyUse::Hop);
    // Of several keys of the hub the one that lasts longest counts.
    let key = hubs.max_by_key(|key| (key.is_valid_at(now), key.valid_until));
    let advice = Said::new(
        format!("核对设置中的 hub_party（现为 {hub}），再请市级平台管理员更新汇聚节点的密钥"),
        format!("check hub_party in the settings (now {hub}), then ask the city's operator about the hub's key"),
    );
    judge(&Said::new("汇聚节点的密钥", "the hub's key"), key, now, advice)
}

fn enrol_anew() -> Said {
    Said::new(
        "请市级平台管理员重新发放接入码，移走旧的 credentials.json 后执行 tongqiao-edge enrol",
        "have the city's operator make a new one-time code, move the old credentials.json away, and run tongqiao-edge enrol",
    )
}

fn judge(whose: &Said, key: Option<&KeyRecord>, now: Timestamp, advice: Said) -> Finding {
    let (zh, en) = (whose.text(Language::Chinese), whose.text(Language::English));
    let Some(key) = key else {
        let said = Said::new(format!("{zh}不在密钥目录中"), format!("{en} is not in the directory"));
        return Finding::fault(Subject::Keys, said, advice);
    };
    if let Some(revoked) = &key.revoked {
        let reason = revoked.reason.as_deref().unwrap_or("-");
        let at = wall(revoked.at);
        let said = Said::new(format!("{zh}已于 {at} 吊销（{reason}）"), format!("{en} was revoked at {at} ({reason})"));
        return Finding::fault(Subject::Keys, said, advice);
    }
    if let Some(from) = key.valid_from.filter(|from| now < *from) {
        let from = wall(from);
        let said = Said::new(
            format!("{zh}自 {from} 起有效，本机时间尚未到；先看时钟"),
            format!("{en} is valid from {from}, which is still to come; look at the clock first"),
        );
        return Finding::fault(Subject::Keys, said, advice);
    }
    let Some(until) = key.valid_until else {
        return Finding::sound(Subject::Keys, Said::new(format!("{zh}有效，未定期限"), format!("{en} is valid")));
    };
    let left = until.millis_since(now);
    let how = span(left);
    if left <= 0 {
        let said = Said::new(
            format!("{zh}已过期 {}", how.text(Language::Chinese)),
            format!("{en} ended {} ago", how.text(Language::English)),
        );
        return Finding::fault(Subject::Keys, said, advice);
    }
    let said = Said::new(
        format!("{zh}有效，还有 {}", how.text(Language::Chinese)),
        format!("{en} is valid for another {}", how.text(Language::English)),
    );
    if left < ENDING_MS { Finding::warning(Subject::Keys, said, advice) } else { Finding::sound(Subject::Keys, said) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
    use tongqiao_protocol::key_directory::Revocation;
    use tongqiao_protocol::{PublicKey, Suite};

    use super::super::finding::Gravity;
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_790_000_000_000);

    fn key(until: Option<Timestamp>) -> KeyRecord {
        KeyRecord {
            keyid: "township-1/1".parse().unwrap(),
            party: "township-1".parse().unwrap(),
            public_key: PublicKey::new(Suite::International, vec![7; 32]).unwrap(),
            key_use: KeyUse::Event,
            valid_from: None,
            valid_until: until,
            revoked: None,
        }
    }

    fn gravity(key: Option<&KeyRecord>) -> Gravity {
        let finding = judge(&Said::new("密钥", "the key"), key, NOW, Said::new("换", "renew"));
        assert_eq!(finding.advice.is_some(), finding.gravity >= Gravity::Warning);
        finding.gravity
    }

    #[test]
    fn a_key_is_a_warning_a_month_before_its_end_and_a_fault_at_its_end() {
        let ends_in = |millis| gravity(Some(&key(Some(NOW.plus_millis(millis)))));
        assert_eq!(ends_in(ENDING_MS), Gravity::Sound);
        assert_eq!(ends_in(ENDING_MS - 1), Gravity::Warning);
        assert_eq!(ends_in(1), Gravity::Warning);
        assert_eq!(ends_in(0), Gravity::Fault);
        assert_eq!(gravity(Some(&key(None))), Gravity::Sound);
    }

    #[test]
    fn a_key_that_is_unknown_revoked_or_still_to_come_is_a_fault() {
        assert_eq!(gravity(None), Gravity::Fault);
        let revoked = Some(Revocation { at: NOW, reason: Some("stolen".to_owned()) });
        assert_eq!(gravity(Some(&KeyRecord { revoked, ..key(None) })), Gravity::Fault);
        let valid_from = Some(NOW.plus_millis(1));
        assert_eq!(gravity(Some(&KeyRecord { valid_from, ..key(None) })), Gravity::Fault);
        assert_eq!(gravity(Some(&KeyRecord { valid_from: Some(NOW), ..key(None) })), Gravity::Sound);
    }

    #[test]
    fn a_directory_is_a_warning_after_a_week_and_a_fault_after_a_month() {
        let aged = |millis: i64| age(Some(&KeyDirectory { issued: NOW.plus_millis(-millis), keys: Vec::new() }), NOW);
        for (millis, gravity) in [
            (-5_000, Gravity::Sound),
            (OLD_MS - 1, Gravity::Sound),
            (OLD_MS, Gravity::Warning),
            (TOO_OLD_MS, Gravity::Fault),
        ] {
            assert_eq!(aged(millis).gravity, gravity, "{millis}");
        }
        assert_eq!(age(None, NOW).gravity, Gravity::Fault);
    }
}
