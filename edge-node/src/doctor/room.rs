//! The store's file: whether it is whole, and for how many days of work there is room.

use std::path::Path;

use tongqiao::{IntegrityReport, Statistics};
use tongqiao_protocol::Timestamp;

use super::DAY_MS;
use super::files;
use super::finding::{Finding, Said, Subject};
use crate::courier::local_now;
use crate::incoming::Incoming;
use crate::{NodeSettings, settings};

const MIB: u64 = 1024 * 1024;
/// Below this the next morning may not end well, whatever the pace was.
const FREE_BYTES_LEAST: u64 = 100 * MIB;
/// A link that is cut may be so for days.
const DAYS_FEW: u64 = 14;
const DAYS_LEAST: u64 = 2;
/// What is further off is not a forecast.
const DAYS_TOLD_MOST: u64 = 365;

/// Whether everything in the file is as it was written.
pub(super) fn soundness(report: &IntegrityReport) -> Finding {
    if report.is_sound() {
        let rows = report.rows_checked;
        let said = Said::new(format!("完好，核对 {rows} 行"), format!("whole, {rows} rows compared"));
        return Finding::sound(Subject::Store, said);
    }
    let (rows, structure) = (report.corrupt_rows.len(), report.structure_faults.len());
    Finding::fault(
        Subject::Store,
        Said::new(
            format!("文件损坏：{rows} 行校验不符，结构问题 {structure} 处"),
            format!("damaged: {rows} rows are not as they were written, {structure} faults of structure"),
        ),
        Said::new(
            "停止服务，整个数据目录另存一份，更换磁盘或存储卡，再联系市级平台管理员；各部门系统仍留有未办结的记录，会重新提交",
            "stop the service, copy the whole folder of data, change the disk, then tell the city's operator; the departments' \
             systems still have what is not settled and offer it again",
        ),
    )
}

/// How much is taken, and how much is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Room {
    /// Bytes of the store.
    pub(super) taken: u64,
    /// Bytes that the disk has left.
    pub(super) free: u64,
    /// What the settings allow the store; `None` leaves it to the disk.
    pub(super) limit: Option<u64>,
    /// Of what is left, what files may not take: it is kept for records.
    pub(super) reserve: u64,
    /// In how many days the store came to its size: older things are forgotten.
    pub(super) in_days: u64,
}

impl Room {
    pub(crate) fn of(settings: &NodeSettings, statistics: &Statistics) -> std::io::Result<Self> {
        let (data, limit) = (&settings.data, settings.store_limit_bytes);
        let room = Self::of_store(data, limit, settings.retention_days, statistics)?;
        let files = files::bytes(&[Incoming::folder(data), settings::files(data)])?;
        let (taken, free) = (room.taken + files, room.free.saturating_sub(settings.disk_kept_free_bytes));
        let room = Self { taken, free, ..room };
        let whole = u128::from(room.taken.saturating_add(room.left()));
        let reserve = whole * u128::from(settings.reserve_percent.min(100)) / 100;
        Ok(Self { reserve: u64::try_from(reserve).unwrap_or(u64::MAX), ..room })
    }

    /// The same of any folder with credentials and a store.
    pub(super) fn of_store(
        data: &Path,
        limit: u64,
        retention_days: u16,
        statistics: &Statistics,
    ) -> std::io::Result<Self> {
        let disk = rustix::fs::statvfs(data)?;
        let free = disk.f_bavail.saturating_mul(disk.f_frsize);
        let in_days = days_since_made(&settings::credentials(data)).min(u64::from(retention_days));
        Ok(Self { taken: statistics.size_bytes, free, limit: (limit > 0).then_some(limit), reserve: 0, in_days })
    }

    /// What may still be written.
    pub(crate) fn left(&self) -> u64 {
        self.limit.map_or(self.free, |limit| self.free.min(limit.saturating_sub(self.taken)))
    }

    /// What of it files may take.
    pub(crate) fn left_for_files(&self) -> u64 {
        self.left().saturating_sub(self.reserve)
    }

    /// Whether somebody should see to it.
    pub(crate) fn is_low(&self) -> bool {
        self.days() < DAYS_FEW
    }

    /// For how many days of work like that of the last ones it is enough while nothing goes away.
    pub(crate) fn days(&self) -> u64 {
        self.left() / (self.taken / self.in_days.max(1)).max(1)
    }
}

/// How many days ago the node was enrolled, by the file that was written then: at least one.
fn days_since_made(credentials: &Path) -> u64 {
    let made = std::fs::metadata(credentials).and_then(|facts| facts.modified()).ok();
    let made = made.and_then(|made| made.duration_since(std::time::UNIX_EPOCH).ok());
    let made = made.and_then(|made| i64::try_from(made.as_millis()).ok());
    let age = made.map_or(0, |made| local_now().millis_since(Timestamp::from_millis(made)));
    u64::try_from(age / DAY_MS).unwrap_or_default().max(1)
}

pub(super) fn judge(room: &Room) -> Finding {
    let (taken, left, days) = (room.taken.div_ceil(MIB), room.left() / MIB, room.days());
    let (zh, en) = if days > DAYS_TOLD_MOST {
        ("一年以上".to_owned(), "more than a year".to_owned())
    } else {
        (format!("约 {days} 天"), format!("about {days} days"))
    };
    let said = Said::new(
        format!("存储占用 {taken} MiB，还可写 {left} MiB；链路全断也够用{zh}"),
        format!("the store takes {taken} MiB, {left} MiB are left: enough for {en} without any link"),
    );
    let advice = || {
        Said::new(
            "清理磁盘上的其他文件或换更大的磁盘；设有 store_limit_bytes 的可以调高。不要删除数据目录中的文件，已代管的记录都在里面",
            "remove other files from the disk or take a larger one; raise store_limit_bytes where it is set. Remove nothing from \
             the folder of data: what is in custody is there",
        )
    };
    // A limit that was set low is somebody's wish; a disk that is full stops everything on the machine.
    if room.free < FREE_BYTES_LEAST || days < DAYS_LEAST {
        Finding::fault(Subject::Disk, said, advice())
    } else if room.is_low() {
        Finding::warning(Subject::Disk, said, advice())
    } else if room.reserve > 0 && room.left_for_files() == 0 {
        let said = Said::new(
            "余下的空间留给办件和缴款，不再接收新的材料文件",
            "what is left is kept for cases and payments: no new files of materials are taken",
        );
        Finding::warning(Subject::Disk, said, advice())
    } else {
        Finding::sound(Subject::Disk, said)
    }
}

#[cfg(test)]
mod tests {
    use tongqiao_protocol::Language;

    use super::super::finding::Gravity;
    use super::*;

    /// Ten MiB a day.
    const ROOM: Room = Room { taken: 300 * MIB, free: 10_000 * MIB, limit: None, reserve: 0, in_days: 30 };

    #[test]
    fn the_days_that_are_left_decide_and_not_the_bytes() {
        for (free, gravity) in [(140, Gravity::Sound), (139, Gravity::Warning), (99, Gravity::Fault)] {
            assert_eq!(judge(&Room { free: free * MIB, ..ROOM }).gravity, gravity, "{free}");
        }
        // At a hundred a day.
        let quick = Room { in_days: 3, ..ROOM };
        for (free, gravity) in [(1_400, Gravity::Sound), (1_399, Gravity::Warning), (199, Gravity::Fault)] {
            assert_eq!(judge(&Room { free: free * MIB, ..quick }).gravity, gravity, "{free}");
        }
    }

    #[test]
    fn a_limit_of_the_settings_counts_as_the_disk_does() {
        let limited = |limit| Room { limit: Some(limit * MIB), ..ROOM };
        assert_eq!(judge(&limited(440)).gravity, Gravity::Sound);
        assert_eq!(judge(&limited(439)).gravity, Gravity::Warning);
        assert_eq!(judge(&limited(300)).gravity, Gravity::Fault);
        assert_eq!(judge(&limited(200)).gravity, Gravity::Fault, "the limit was lowered below what is there");
    }

    #[test]
    fn what_is_kept_for_records_is_not_given_to_files_and_that_is_told() {
        let room = Room { reserve: 2_000 * MIB, ..ROOM };
        assert_eq!((room.left(), room.left_for_files()), (10_000 * MIB, 8_000 * MIB));
        let full = Room { free: 2_000 * MIB, ..room };
        assert_eq!((full.left_for_files(), judge(&full).gravity), (0, Gravity::Warning));
        assert_eq!(judge(&room).gravity, Gravity::Sound);
    }

    #[test]
    fn a_store_in_which_nothing_has_been_yet_is_no_fault() {
        let empty = Room { taken: 0, in_days: 0, ..ROOM };
        assert_eq!(judge(&empty).gravity, Gravity::Sound);
        assert!(judge(&empty).said.text(Language::Chinese).ends_with("一年以上"));
    }

    #[test]
    fn a_damaged_row_is_a_fault() {
        let sound = IntegrityReport { rows_checked: 5, ..IntegrityReport::default() };
        assert_eq!(soundness(&sound).gravity, Gravity::Sound);
        let torn = IntegrityReport { structure_faults: vec!["row 3 is missing".to_owned()], ..sound };
        assert_eq!(soundness(&torn).gravity, Gravity::Fault);
    }
}
