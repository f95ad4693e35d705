//! The kinds of identifier, with their names.

/// One kind of identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum IdentifierKind {
    /// 统一社会信用代码, GB 32100-2015.
    CreditCode,
    /// 组织机构代码, GB 11714.
    OrganisationCode,
    /// 公民身份号码, GB 11643-1999.
    CitizenNumber,
    /// 外国人永久居留身份证号码.
    PermanentResidentNumber,
    /// 行政区划代码, GB/T 2260 and GB/T 10114.
    DivisionCode,
    /// 电子证照标识, GB/T 36904-2018.
    LicenceIdentifier,
    /// 政务服务事项编码.
    ItemCode,
    /// 办件编号.
    CaseNumber,
    /// 缴款码.
    PayCode,
    /// 财政电子票据代码和号码.
    EReceiptCode,
    /// 投资项目代码.
    ProjectCode,
}

impl IdentifierKind {
    /// Every kind, in the order of the reference page.
    pub const ALL: [Self; 11] = [
        Self::CreditCode,
        Self::OrganisationCode,
        Self::CitizenNumber,
        Self::PermanentResidentNumber,
        Self::DivisionCode,
        Self::LicenceIdentifier,
        Self::ItemCode,
        Self::CaseNumber,
        Self::PayCode,
        Self::EReceiptCode,
        Self::ProjectCode,
    ];

    /// The stable name for data and command lines, such as `credit-code`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::CreditCode => "credit-code",
            Self::OrganisationCode => "organisation-code",
            Self::CitizenNumber => "citizen-number",
            Self::PermanentResidentNumber => "permanent-resident-number",
            Self::DivisionCode => "division-code",
            Self::LicenceIdentifier => "licence-identifier",
            Self::ItemCode => "item-code",
            Self::CaseNumber => "case-number",
            Self::PayCode => "pay-code",
            Self::EReceiptCode => "e-receipt-code",
            Self::ProjectCode => "project-code",
        }
    }

    /// The kind with this stable name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// The Chinese term.
    pub const fn zh(self) -> &'static str {
        match self {
            Self::CreditCode => "统一社会信用代码",
            Self::OrganisationCode => "组织机构代码",
            Self::CitizenNumber => "公民身份号码",
            Self::PermanentResidentNumber => "外国人永久居留身份证号码",
            Self::DivisionCode => "行政区划代码",
            Self::LicenceIdentifier => "电子证照标识",
            Self::ItemCode => "事项编码",
            Self::CaseNumber => "办件编号",
            Self::PayCode => "缴款码",
            Self::EReceiptCode => "财政电子票据号码",
            Self::ProjectCode => "投资项目代码",
        }
    }

    /// The English term.
    pub const fn en(self) -> &'static str {
        match self {
            Self::CreditCode => "unified social credit code",
            Self::OrganisationCode => "organisation code",
            Self::CitizenNumber => "citizen number",
            Self::PermanentResidentNumber => "permanent-resident number",
            Self::DivisionCode => "division code",
            Self::LicenceIdentifier => "e-licence identifier",
            Self::ItemCode => "item code",
            Self::CaseNumber => "case number",
            Self::PayCode => "pay code",
            Self::EReceiptCode => "e-receipt code",
            Self::ProjectCode => "project code",
        }
    }
}
