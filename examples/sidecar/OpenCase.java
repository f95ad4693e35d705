/** Opens a case through the sidecar: {@code java OpenCase ADDRESS TOKEN ITEM VERSION DIVISION}. */
public final class OpenCase {
    private OpenCase() {
    }

    public static void main(String[] arguments) throws Exception {
        SidecarClient sidecar = new SidecarClient(arguments[0], arguments[1]);
        String applicant = "{\"kind\":\"person\",\"name\":\"测试用户\",\"identity\":{\"kind\":{\"set\":\"id_type\","
            + "\"generation\":\"ga2000.156\",\"code\":\"111\"},\"number\":\"340705199001010016\"}}";
        String draft = "{\"item\":{\"code\":\"" + arguments[2] + "\",\"version\":" + arguments[3] + "},\"division\":\""
            + arguments[4] + "\",\"applicant\":" + applicant + ",\"form\":{\"contact-phone\":\"13800000000\","
            + "\"reason\":\"卡片遗失\"},\"materials\":[{\"guide\":\"id-card\",\"name\":\"居民身份证\"}]}";
        String opened = sidecar.openCase(draft);
        System.out.println("已受理 accepted " + SidecarClient.member(opened, "number"));
        String settled = sidecar.event(SidecarClient.member(opened, "event"), 30);
        System.out.println("平台答复 the platform says " + SidecarClient.member(settled, "state"));
        try {
            sidecar.openCase("{}");
        } catch (SidecarClient.Refused refused) {
            System.out.println("空申请 an empty application: " + SidecarClient.member(refused.problem(), "code"));
        }
    }
}
