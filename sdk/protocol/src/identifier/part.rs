//! The parts that identifiers are made of, with their names.

macro_rules! parts {
    ($($(#[$docs:meta])* $variant:ident = $name:literal, $zh:literal, $en:literal;)*) => {
        /// A part of an identifier that a fault or an explanation speaks of.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Part { $($(#[$docs])* $variant,)* }

        impl Part {
            /// Every part.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The stable name in data, such as `sub_item`.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// The Chinese term.
            pub const fn zh(self) -> &'static str {
                match self { $(Self::$variant => $zh,)* }
            }

            /// The English term.
            pub const fn en(self) -> &'static str {
                match self { $(Self::$variant => $en,)* }
            }
        }
    };
}

parts! {
    /// The code as a whole.
    Whole = "whole", "编码整体", "the whole code";
    /// Registering authority and kind, the first two places of a credit code.
    Registration = "registration", "登记管理部门和机构类别", "registering authority and kind";
    /// An administrative division of six digits.
    Area = "area", "行政区划", "area";
    /// The body identifier of nine places inside a credit code, or all of an organisation code.
    Organisation = "organisation", "主体标识码", "organisation code";
    /// The check character.
    Check = "check", "校验码", "check character";
    /// The birth date.
    BirthDate = "birth_date", "出生日期", "birth date";
    /// A serial number.
    Serial = "serial", "顺序码", "serial number";
    /// The mark of a foreigner's number, or the country.
    Country = "country", "国籍", "country";
    /// The province.
    Province = "province", "省级区划", "province";
    /// The city.
    City = "city", "市级区划", "city";
    /// The county or district.
    County = "county", "县级区划", "county";
    /// The township or sub-district.
    Township = "township", "乡级区划", "township";
    /// The village or community.
    Village = "village", "村级区划", "village";
    /// The implementing agency's code inside an item code.
    Agency = "agency", "实施主体", "agency";
    /// The level at which the power is exercised.
    Level = "level", "行使层级", "level";
    /// The base code inside a longer item code.
    Base = "base", "基本编码", "base code";
    /// `00` for the national catalogue, otherwise a province.
    Prefix = "prefix", "区划前缀", "prefix";
    /// The type of item.
    ItemType = "type", "事项类型", "item type";
    /// The main item.
    MainItem = "main", "主项", "main item";
    /// The sub-item.
    SubItem = "sub", "子项", "sub-item";
    /// The handling item's number.
    Handling = "handling", "业务办理项序号", "handling item number";
    /// The department, in dialects that name one by letters.
    Department = "department", "部门", "department";
    /// A place that the dialect always fills with the same characters.
    Reserved = "reserved", "预留位", "reserved";
    /// The key of an item in a portal that gives items keys instead of codes.
    Key = "key", "事项主键", "item key";
    /// The year.
    Year = "year", "年份", "year";
    /// The fixed root of an e-licence identifier.
    Root = "root", "电子证照根代码", "root";
    /// The type of an e-licence: the body that defined it, and three places.
    LicenceType = "licence_type", "证照类型代码", "licence type";
    /// The issuer of an e-licence.
    Issuer = "issuer", "证照颁发机构代码", "issuer";
    /// The version of an e-licence.
    Version = "version", "版本号", "version";
    /// The e-receipt's code of eight digits.
    ReceiptCode = "receipt_code", "票据代码", "receipt code";
    /// The e-receipt's number of ten digits.
    ReceiptNumber = "receipt_number", "票据号码", "receipt number";
    /// The division of industry inside a project code.
    Industry = "industry", "行业代码", "industry";
    /// Approval, verification or filing inside a project code.
    Procedure = "procedure", "项目类型", "procedure";
    /// The e-receipt's random check code.
    ReceiptCheck = "receipt_check", "票据校验码", "receipt check code";
}

impl Part {
    /// The part with this stable name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|part| part.name() == name)
    }
}
