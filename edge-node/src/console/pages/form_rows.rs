//! The rows of an application's form, each with what is wrong with it beside it.

use maud::{Markup, html};
use tongqiao::{FormField, Item, ItemMaterial};

use super::draft::{FILE, FieldFault, LICENCE, SHOWN};
use crate::console::fields::Fields;
use crate::console::words::Words;

/// Documents of persons, in `id_type` (GA/T 2000.156).
const DOCUMENTS: [(&str, &str, &str); 4] = [
    ("111", "居民身份证", "Resident identity card"),
    ("553", "外国人永久居留身份证", "Permanent resident card"),
    ("414", "普通护照", "Passport"),
    ("990", "其他证件", "Another document"),
];

/// What a row needs beside its own field.
pub(super) struct Sheet<'a> {
    pub(super) words: Words,
    pub(super) fields: &'a Fields,
    pub(super) faults: &'a [FieldFault],
}

impl Sheet<'_> {
    fn said(&self, field: &str) -> Vec<&str> {
        self.faults.iter().filter(|fault| fault.field == field).map(|fault| fault.said.as_str()).collect()
    }

    /// A row with a label, a control of that id, and the faults of its field.
    fn row(&self, field: &str, label: &str, required: Need, control: &Markup) -> Markup {
        let said = self.said(field);
        html! {
            div class=(if said.is_empty() { "row" } else { "row faulty" }) {
                label for=(field) { (label) @if required == Need::Always { span.must aria-hidden="true" { "*" } } }
                div {
                    (control)
                    @for one in &said { p.fault id=(format!("fault.{field}")) { (one) } }
                }
            }
        }
    }

    fn input(&self, field: &str, kind: &str, label: &str, required: Need) -> Markup {
        let described = (!self.said(field).is_empty()).then(|| format!("fault.{field}"));
        let control = html! {
            input id=(field) name=(field) type=(kind) value=(self.fields.get(field)) maxlength="400" aria-describedby=[described];
        };
        self.row(field, label, required, &control)
    }

    fn select(&self, field: &str, label: &str, options: &[(&str, &str)]) -> Markup {
        let chosen = self.fields.get(field);
        let control = html! {
            select id=(field) name=(field) {
                @for (value, text) in options { option value=(value) selected[*value == chosen] { (text) } }
            }
        };
        self.row(field, label, Need::Always, &control)
    }

    /// Who applies, and who acts for them.
    pub(super) fn applicant(&self) -> Markup {
        let words = self.words;
        let kinds =
            [("person", words.say("自然人", "Person")), ("organisation", words.say("法人或其他组织", "Organisation"))];
        let documents = DOCUMENTS.map(|(code, chinese, english)| (code, words.say(chinese, english)));
        let acts = ["agent_name", "agent_number", "agent_until"];
        let is_open = acts.iter().any(|field| !self.fields.get(field).is_empty() || !self.said(field).is_empty());
        html! {
            fieldset {
                legend { (words.say("申请人", "Applicant")) }
                (self.select("kind", words.say("类型", "Kind"), &kinds))
                (self.input("name", "text", words.say("姓名或名称", "Name"), Need::Always))
                (self.select("document", words.say("证件（自然人）", "Document (person)"), &documents))
                (self.input("number", "text", words.say("证件号码或统一社会信用代码", "Number or credit code"), Need::Always))
            }
            details open[is_open] {
                summary { (words.say("由代办人代为申请", "Somebody acts for the applicant")) }
                (self.input("agent_name", "text", words.say("代办人姓名", "Agent's name"), Need::Sometimes))
                (self.input("agent_number", "text", words.say("代办人身份证号", "Agent's identity number"), Need::Sometimes))
                (self.input("agent_until", "date", words.say("委托有效期至", "Authorised until"), Need::Sometimes))
            }
        }
    }

    /// The fields of the item's own form.
    pub(super) fn form(&self, item: &Item) -> Markup {
        html! {
            fieldset {
                legend { (self.words.say("申请内容", "The application")) }
                @for field in &item.form { (self.form_field(field)) }
                @if item.form.is_empty() { p.hint { (self.words.say("此事项没有其他要填的内容。", "Nothing else is asked for.")) } }
            }
        }
    }

    fn form_field(&self, field: &FormField) -> Markup {
        let (name, label) = (format!("form.{}", field.key), self.words.text(&field.label));
        let need = if field.required { Need::Always } else { Need::Sometimes };
        match field.kind.as_str() {
            "choice" => {
                let chosen = self.fields.get(&name);
                let control = html! {
                    select id=(name) name=(name) {
                        option value="" { "—" }
                        @for choice in &field.choices { option value=(choice.zh) selected[choice.zh == chosen] { (self.words.text(choice)) } }
                    }
                };
                self.row(&name, label, need, &control)
            }
            "date" => self.input(&name, "date", label, need),
            "phone" => self.input(&name, "tel", label, need),
            _ => self.input(&name, "text", label, need),
        }
    }

    /// How each material of the guide came.
    pub(super) fn materials(&self, item: &Item) -> Markup {
        html! {
            fieldset {
                legend { (self.words.say("申请材料", "Materials")) }
                @for material in &item.materials { (self.material(material)) }
            }
        }
    }

    fn material(&self, material: &ItemMaterial) -> Markup {
        let (words, key) = (self.words, &material.key);
        let (name, licence, cause) = (format!("material.{key}"), format!("licence.{key}"), format!("cause.{key}"));
        let (file, digest) = (format!("file.{key}"), format!("digest.{key}"));
        let upload = format!("upload.{key}");
        let chosen = self.fields.get(&name);
        let said = self.said(&licence).into_iter().chain(self.said(&cause)).collect::<Vec<_>>();
        let control = html! {
            select id=(name) name=(name) data-choice="material" {
                option value="" { (words.say("未提交", "not handed in")) }
                option value=(SHOWN) selected[chosen == SHOWN] { (words.say("原件已核验", "original was shown")) }
                option value=(FILE) selected[chosen == FILE] { (words.say("扫描件", "a scan")) }
                option value=(LICENCE) selected[chosen == LICENCE] { (words.say("引用电子证照", "an e-licence")) }
            }
            span data-for=(FILE) {
                input type="file" name=(file) aria-label=(words.say("扫描件文件", "File"));
                @if !self.fields.get(&digest).is_empty() {
                    input type="hidden" name=(digest) value=(self.fields.get(&digest));
                    input type="hidden" name=(upload) value=(self.fields.get(&upload));
                    span.hint { (words.say("文件已保存", "the file is kept")) }
                }
            }
            span data-for=(LICENCE) {
                input name=(licence) value=(self.fields.get(&licence)) placeholder=(words.say("电子证照标识", "licence identifier")) aria-label=(words.say("电子证照标识", "licence identifier")) maxlength="200";
                input name=(cause) value=(self.fields.get(&cause)) placeholder=(words.say("用证事由", "what for")) aria-label=(words.say("用证事由", "what for")) maxlength="200";
            }
            @for one in &said { p.fault { (one) } }
        };
        let need = if material.required { Need::Always } else { Need::Sometimes };
        self.row(&name, words.text(&material.name), need, &control)
    }

    /// When the paper was handed in, where that was before it is entered here.
    pub(super) fn paper(&self) -> Markup {
        let words = self.words;
        html! {
            details open[!self.fields.get("paper_at").is_empty() || !self.said("paper_at").is_empty()] {
                summary { (words.say("补录停电、停机期间收下的纸质申请", "The paper was handed in earlier, while this machine was down")) }
                (self.input("paper_at", "datetime-local", words.say("实际收件时间", "When it was handed in"), Need::Sometimes))
            }
        }
    }

    /// What is wrong with the form as a whole.
    pub(super) fn above(&self) -> Markup {
        let said = self.said("");
        html! {
            @if !self.faults.is_empty() {
                div.notice.bad role="alert" {
                    p { (self.words.say("有", "There are")) " " (self.faults.len()) " " (self.words.say("处需要改正，已在相应栏目下标出。没有提交任何内容。", "things to mend, marked below. Nothing was handed in.")) }
                    @for one in said { p { (one) } }
                }
            }
        }
    }
}

/// Whether a field has to be filled in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Need {
    Always,
    Sometimes,
}
