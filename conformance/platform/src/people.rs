//! Synthetic people of the sandbox: nobody here exists.
//!
//! Their citizen numbers are made when they are asked for and stand in no file. The area 340799 is no county and never
//! was one, so that a number of theirs is recognised at a glance; birth date and check character are valid.

/// Somebody who can sign in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Person {
    /// The stable user id; accounts are bound to it, never to a name or a credit code.
    pub(crate) sub: &'static str,
    pub(crate) name_zh: &'static str,
    pub(crate) name_en: &'static str,
    pub(crate) standing: Standing,
    pub(crate) assurance: Assurance,
    /// The serial by which the citizen number is made; the person behind an organisation or an agency has one too.
    serial: u16,
}

/// In which role somebody signs in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Standing {
    /// For himself.
    Natural,
    /// For an organisation.
    Legal(Organisation),
    /// For another 代办/经办, until a date.
    Agent { acting_for: Principal, valid_until: &'static str },
}

/// For whom an agent acts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Principal {
    Person(&'static str, &'static str),
    Organisation(Organisation),
}

/// An organisation with a valid credit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Organisation {
    pub(crate) name: &'static str,
    /// The first 17 characters; the check character is computed.
    credit_code_body: &'static str,
}

/// How sure the platform is of the person. The two scales run in opposite directions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Assurance {
    /// `natural-person`: 1 anonymous, 2 basic, 3 verified in person 实人. More is better.
    NaturalPerson(u8),
    /// `legal-person`: 1 by certificate … 4 not verified. Less is better.
    LegalPerson(u8),
}

impl Assurance {
    /// The scale's name and the value on it.
    pub(crate) const fn on_scale(self) -> (&'static str, u8) {
        match self {
            Self::NaturalPerson(value) => ("natural-person", value),
            Self::LegalPerson(value) => ("legal-person", value),
        }
    }
}

const COOPERATIVE: Organisation =
    Organisation { name: "铜陵市义安区试验田种植专业合作社", credit_code_body: "93340706TQ0000014" };
const WORKSHOP: Organisation = Organisation { name: "枞阳县样例小吃店", credit_code_body: "92340722TQ0000022" };
const COMPANY: Organisation =
    Organisation { name: "铜陵沙箱软件有限公司", credit_code_body: "91340705TQ0000030" };

const fn natural(serial: u16, sub: &'static str, name_zh: &'static str, name_en: &'static str, level: u8) -> Person {
    let assurance = Assurance::NaturalPerson(level);
    Person { sub, name_zh, name_en, standing: Standing::Natural, assurance, serial }
}

/// Everybody, in the order of the login page.
pub(crate) const EVERYBODY: &[Person] = &[
    natural(1, "u-0001", "测试甲", "Test One", 3),
    natural(2, "u-0002", "测试乙", "Test Two", 3),
    natural(3, "u-0003", "测试丙", "Test Three", 3),
    natural(4, "u-0004", "测试丁", "Test Four", 3),
    natural(5, "u-0005", "测试戊", "Test Five", 2),
    natural(6, "u-0006", "测试己", "Test Six", 2),
    natural(7, "u-0007", "测试庚", "Test Seven", 3),
    natural(8, "u-0008", "测试辛", "Test Eight", 3),
    natural(9, "u-0009", "测试壬", "Test Nine", 1),
    natural(10, "u-0010", "测试癸", "Test Ten", 3),
    natural(11, "u-0011", "测试·古丽", "Test Guli", 3),
    // A character outside the basic plane: systems that count in 16 bits break here.
    natural(12, "u-0012", "测试𬭎", "Test Rare", 3),
    Person {
        sub: "u-0101",
        name_zh: "测试理事长",
        name_en: "Test Chair",
        standing: Standing::Legal(COOPERATIVE),
        assurance: Assurance::LegalPerson(2),
        serial: 101,
    },
    Person {
        sub: "u-0102",
        name_zh: "测试店主",
        name_en: "Test Owner",
        standing: Standing::Legal(WORKSHOP),
        assurance: Assurance::LegalPerson(3),
        serial: 102,
    },
    Person {
        sub: "u-0103",
        name_zh: "测试经理",
        name_en: "Test Director",
        standing: Standing::Legal(COMPANY),
        assurance: Assurance::LegalPerson(1),
        serial: 103,
    },
    Person {
        sub: "u-0201",
        name_zh: "测试经办人",
        name_en: "Test Agent",
        standing: Standing::Agent {
            acting_for: Principal::Organisation(COMPANY),
            valid_until: "2099-12-31T23:59:59.000+08:00",
        },
        assurance: Assurance::NaturalPerson(3),
        serial: 201,
    },
    // His power has run out: the platform says until when, whoever relies on him must look.
    Person {
        sub: "u-0202",
        name_zh: "测试代办员",
        name_en: "Test Helper",
        standing: Standing::Agent {
            acting_for: Principal::Person("u-0001", "测试甲"),
            valid_until: "2025-12-31T23:59:59.000+08:00",
        },
        assurance: Assurance::NaturalPerson(3),
        serial: 202,
    },
];

/// The person with this stable user id.
pub(crate) fn find(sub: &str) -> Option<&'static Person> {
    EVERYBODY.iter().find(|person| person.sub == sub)
}

impl Person {
    /// A valid and clearly synthetic citizen number (GB 11643).
    pub(crate) fn citizen_number(&self) -> String {
        const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
        const CHECKS: [char; 11] = ['1', '0', 'X', '9', '8', '7', '6', '5', '4', '3', '2'];
        let serial = self.serial;
        let body = format!("340799{}{:02}{:02}{serial:03}", 1950 + serial % 50, serial % 12 + 1, serial % 28 + 1);
        let sum: u32 = body.bytes().zip(WEIGHTS).map(|(digit, weight)| u32::from(digit - b'0') * weight).sum();
        let check = CHECKS.get((sum % 11) as usize).copied().unwrap_or_default();
        format!("{body}{check}")
    }
}

impl Organisation {
    /// The credit code with its check character (GB 32100).
    pub(crate) fn credit_code(&self) -> String {
        const ALPHABET: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";
        let mut weight = 1;
        let mut sum = 0;
        for byte in self.credit_code_body.bytes() {
            sum += ALPHABET.iter().position(|&letter| letter == byte).unwrap_or_default() * weight;
            weight = weight * 3 % 31;
        }
        let check = ALPHABET.get((31 - sum % 31) % 31).copied().unwrap_or_default();
        format!("{}{}", self.credit_code_body, char::from(check))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
    use std::collections::BTreeSet;

    use tongqiao_protocol::identifier::{CitizenNumber, CreditCode};

    use super::*;

    #[test]
    fn there_are_enough_people_of_every_standing_and_no_two_are_alike() {
        let count = |wanted: fn(&Standing) -> bool| EVERYBODY.iter().filter(|person| wanted(&person.standing)).count();
        assert!(count(|standing| *standing == Standing::Natural) >= 12);
        assert!(count(|standing| matches!(standing, Standing::Legal(_))) >= 3);
        assert!(count(|standing| matches!(standing, Standing::Agent { .. })) >= 2);
        let subs: BTreeSet<_> = EVERYBODY.iter().map(|person| person.sub).collect();
        let numbers: BTreeSet<_> = EVERYBODY.iter().map(Person::citizen_number).collect();
        assert_eq!((subs.len(), numbers.len()), (EVERYBODY.len(), EVERYBODY.len()));
    }

    #[test]
    fn every_number_and_code_is_valid_and_clearly_synthetic() {
        for person in EVERYBODY {
            let number = CitizenNumber::parse(&person.citizen_number()).unwrap();
            assert_eq!(number.area(), "340799");
            if let Standing::Legal(organisation)
            | Standing::Agent { acting_for: Principal::Organisation(organisation), .. } = &person.standing
            {
                assert!(CreditCode::parse(&organisation.credit_code()).is_ok(), "{}", organisation.credit_code());
            }
        }
    }
}
