//! Who may sign in: a file of names, roles and hashed passwords, made by `tongqiao-edge clerk`.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use serde::{Deserialize, Serialize};

use super::folder;

/// The shortest password that is taken.
const PASSWORD_LEAST: usize = 10;
/// Longer ones only cost time.
const PASSWORD_MOST: usize = 200;
/// Verified in place of an account that is not there, so that the time does not tell.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$ZJRAAw8Gd8sFPfTnXsWiH5nUcuEkUR8rIXf3cQoLbxM";

/// What somebody may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// At the counter.
    Clerk,
    /// Also sees the node's health and its settings.
    Administrator,
}

/// Why an account is not added.
#[derive(Debug, thiserror::Error)]
pub enum AccountFault {
    /// Names are for typing at a counter.
    #[error("a sign-in name has 2 to 32 of a-z, 0-9, - and _ 登录名须为 2 至 32 位的小写字母、数字、- 和 _")]
    Name,
    /// Too short, or longer than anybody types.
    #[error("a password has 10 to 200 characters 口令长度须为 10 至 200 个字符")]
    Password,
    /// The file.
    #[error("{0}")]
    Io(#[from] std::io::Error),
    /// Hashing.
    #[error("the password could not be hashed: {0}")]
    Hash(String),
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Account {
    name: String,
    /// What colleagues call the person; stands on receipts.
    shown: String,
    role: Role,
    hash: String,
}

/// The accounts of a node's console.
#[derive(Debug, Clone)]
pub struct Accounts(PathBuf);

/// Somebody who has shown the right password.
#[derive(Debug, Clone)]
pub(super) struct Known {
    pub(super) name: String,
    pub(super) shown: String,
    pub(super) role: Role,
}

impl Accounts {
    /// Those of a node's folder of data.
    pub fn of(data: &Path) -> Self {
        Self(folder(data).join("accounts.json"))
    }

    /// Adds an account, or gives one another password, name to show or role.
    ///
    /// # Errors
    /// [`AccountFault`]; nothing has changed then.
    pub fn set(&self, name: &str, shown: &str, role: Role, password: &str) -> Result<(), AccountFault> {
        let is_name = (2..=32).contains(&name.len())
            && name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_'));
        if !is_name {
            return Err(AccountFault::Name);
        }
        if !(PASSWORD_LEAST..=PASSWORD_MOST).contains(&password.chars().count()) {
            return Err(AccountFault::Password);
        }
        let hash = Argon2::default().hash_password(password.as_bytes());
        let hash = hash.map_err(|error| AccountFault::Hash(error.to_string()))?.to_string();
        let mut accounts = self.read()?;
        accounts.retain(|account| account.name != name);
        accounts.push(Account { name: name.to_owned(), shown: shown.to_owned(), role, hash });
        self.write(&accounts)
    }

    /// Takes an account out; `false` where there is none of that name. Its sessions end with their next request.
    ///
    /// # Errors
    /// The file.
    pub fn remove(&self, name: &str) -> Result<bool, AccountFault> {
        let mut accounts = self.read()?;
        let before = accounts.len();
        accounts.retain(|account| account.name != name);
        self.write(&accounts)?;
        Ok(accounts.len() < before)
    }

    /// Sign-in name, name to show and role of everybody.
    ///
    /// # Errors
    /// The file.
    pub fn list(&self) -> Result<Vec<(String, String, Role)>, AccountFault> {
        Ok(self.read()?.into_iter().map(|account| (account.name, account.shown, account.role)).collect())
    }

    /// Whoever has this name and password. Takes its time on purpose: not for the threads that serve.
    pub(super) fn verify(&self, name: &str, password: &str) -> std::io::Result<Option<Known>> {
        let accounts = self.read()?;
        let found = accounts.into_iter().find(|account| account.name == name);
        let hash = found.as_ref().map_or(NOBODY, |account| account.hash.as_str());
        let is_right = PasswordHash::new(hash)
            .is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok());
        Ok(found.filter(|_| is_right).map(|account| Known {
            name: account.name,
            shown: account.shown,
            role: account.role,
        }))
    }

    /// The role that somebody has now; `None` when the account was taken out.
    pub(super) fn role(&self, name: &str) -> Option<Role> {
        self.read().ok()?.into_iter().find(|account| account.name == name).map(|account| account.role)
    }

    fn read(&self) -> std::io::Result<Vec<Account>> {
        match std::fs::read(&self.0) {
            Ok(bytes) => Ok(serde_json::from_slice(&bytes)?),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    fn write(&self, accounts: &[Account]) -> Result<(), AccountFault> {
        let folder = self.0.parent().unwrap_or(Path::new("."));
        std::fs::create_dir_all(folder)?;
        // Made readable by its owner only.
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(&serde_json::to_vec_pretty(accounts).map_err(std::io::Error::from)?)?;
        file.as_file().sync_all()?;
        file.persist(&self.0).map_err(|error| error.error)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]
    use super::*;

    #[test]
    fn only_the_right_password_of_somebody_who_is_there_is_taken() {
        let data = tempfile::tempdir().unwrap();
        let accounts = Accounts::of(data.path());
        assert!(accounts.verify("li", "a good password").unwrap().is_none(), "nobody is there yet");
        accounts.set("li", "测试经办", Role::Clerk, "a good password").unwrap();
        let known = accounts.verify("li", "a good password").unwrap().unwrap();
        assert_eq!((known.name.as_str(), known.shown.as_str(), known.role), ("li", "测试经办", Role::Clerk));
        for (name, password) in [("li", "a good passwore"), ("wang", "a good password"), ("li", ""), ("", "")] {
            assert!(accounts.verify(name, password).unwrap().is_none(), "{name} {password}");
        }
        let text = std::fs::read_to_string(folder(data.path()).join("accounts.json")).unwrap();
        assert!(text.contains("$argon2id$") && !text.contains("a good password"));
        accounts.set("li", "测试经办", Role::Administrator, "another password").unwrap();
        assert!(accounts.verify("li", "a good password").unwrap().is_none());
        assert_eq!(accounts.role("li"), Some(Role::Administrator));
        assert!(accounts.remove("li").unwrap() && !accounts.remove("li").unwrap());
        assert_eq!(accounts.role("li"), None);
    }

    #[test]
    fn names_and_passwords_have_limits() {
        let data = tempfile::tempdir().unwrap();
        let accounts = Accounts::of(data.path());
        let set = |name: &str, password: &str| accounts.set(name, "测试", Role::Clerk, password);
        for name in ["l", "Li", "li si", "../x", &"a".repeat(33)] {
            assert!(matches!(set(name, "a good password"), Err(AccountFault::Name)), "{name}");
        }
        for password in ["123456789".to_owned(), "a".repeat(201)] {
            assert!(matches!(set("li", &password), Err(AccountFault::Password)));
        }
        assert!(set("li", "1234567890").is_ok() && set("w_", &"a".repeat(200)).is_ok());
        assert_eq!(accounts.list().unwrap().len(), 2);
    }

    #[test]
    fn what_stands_for_nobody_is_a_hash_that_takes_as_long() {
        let hash = PasswordHash::new(NOBODY).unwrap();
        let fresh = Argon2::default().hash_password(b"x").unwrap();
        assert_eq!(hash.params, fresh.params);
    }
}
