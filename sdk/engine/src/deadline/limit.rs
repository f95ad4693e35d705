//! How much time there is, and who says so.

/// What a limit is counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LimitUnit {
    /// 工作日
    WorkingDays,
    /// 自然日
    CalendarDays,
}

/// So many days of a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TimeLimit {
    days: u32,
    unit: LimitUnit,
}

impl TimeLimit {
    /// The longest limit that is counted: ten years.
    pub const DAYS_MAX: u32 = 3_650;

    /// Art. 32: what is missing is told on the spot or within five days.
    pub const NOTICE: Self = Self::working_days(5);
    /// Art. 42: an agency decides within twenty days of acceptance.
    pub const DECISION: Self = Self::working_days(20);
    /// Art. 42: and may take ten more, once, with its head's approval.
    pub const DECISION_EXTENSION_DAYS: u32 = 10;
    /// Art. 42: several agencies together decide within forty-five days.
    pub const JOINT_DECISION: Self = Self::working_days(45);
    /// Art. 42: and may take fifteen more, with the approval of the government above them.
    pub const JOINT_DECISION_EXTENSION_DAYS: u32 = 15;
    /// Art. 44: the licence is handed over within ten days of the decision.
    pub const DELIVERY: Self = Self::working_days(10);

    /// So many working days; more than [`TimeLimit::DAYS_MAX`] count as that many.
    pub const fn working_days(days: u32) -> Self {
        Self { days: if days > Self::DAYS_MAX { Self::DAYS_MAX } else { days }, unit: LimitUnit::WorkingDays }
    }

    /// So many calendar days; more than [`TimeLimit::DAYS_MAX`] count as that many.
    pub const fn calendar_days(days: u32) -> Self {
        Self { days: if days > Self::DAYS_MAX { Self::DAYS_MAX } else { days }, unit: LimitUnit::CalendarDays }
    }

    /// A limit of the same kind with so many days.
    #[must_use]
    pub const fn with_days(self, days: u32) -> Self {
        match self.unit {
            LimitUnit::WorkingDays => Self::working_days(days),
            LimitUnit::CalendarDays => Self::calendar_days(days),
        }
    }

    /// The days.
    pub const fn days(self) -> u32 {
        self.days
    }

    /// What they are counted in.
    pub const fn unit(self) -> LimitUnit {
        self.unit
    }
}

/// Who set a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Basis {
    /// 承诺时限: the item's guide promises it.
    Promised,
    /// 法定时限: the law sets it.
    Statutory,
    /// 监督时限: the city's published rules set it, or an order of the supervisor.
    Supervision,
}

impl Basis {
    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Promised => "promised",
            Self::Statutory => "statutory",
            Self::Supervision => "supervision",
        }
    }
}
