import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.HttpURLConnection;
import java.net.URL;

/**
 * A thin client of the sidecar: the JDK alone, source level 6, so that the oldest system in the building can use it.
 * 边车的极简客户端：只用 JDK 自带类库，源码级别 6。
 *
 * <p>It sends JSON and gives JSON back as text; read it with whatever your system reads JSON with. An answer of 201 means that
 * the record is on disk, signed and on its way; any other answer is a {@link Refused} whose text is the problem (RFC 9457).
 */
public final class SidecarClient {
    private static final int CONNECT_MILLIS = 5000;
    /** Longer than the sidecar waits for the platform's word. */
    private static final int READ_MILLIS = 70000;

    private final String address;
    private final String token;

    /**
     * @param address such as {@code http://127.0.0.1:7070}
     * @param token what stands in the sidecar's file {@code token}
     */
    public SidecarClient(String address, String token) {
        this.address = address;
        this.token = token;
    }

    /** Opens a case; {@code draft} is the JSON of an application. Gives case, number and event. */
    public String openCase(String draft) throws IOException {
        return send("POST", "/cases", draft);
    }

    /** Appends an event to a case; {@code event} is {@code {"kind": …, "data": …}}. */
    public String append(String caseId, String event) throws IOException {
        return send("POST", "/cases/" + caseId + "/events", event);
    }

    /** How an event stands, waiting so many seconds for the platform's word. */
    public String event(String eventId, int waitSeconds) throws IOException {
        return send("GET", "/events/" + eventId + "?wait=" + waitSeconds, null);
    }

    /** Any other request of the sidecar's. */
    public String send(String method, String path, String body) throws IOException {
        HttpURLConnection connection = (HttpURLConnection) new URL(address + path).openConnection();
        connection.setRequestMethod(method);
        connection.setConnectTimeout(CONNECT_MILLIS);
        connection.setReadTimeout(READ_MILLIS);
        connection.setRequestProperty("Authorization", "Bearer " + token);
        if (body != null) {
            connection.setDoOutput(true);
            connection.setRequestProperty("Content-Type", "application/json; charset=utf-8");
            OutputStream out = connection.getOutputStream();
            try {
                out.write(body.getBytes("UTF-8"));
            } finally {
                out.close();
            }
        }
        int status = connection.getResponseCode();
        InputStream in = status < 400 ? connection.getInputStream() : connection.getErrorStream();
        String text = in == null ? "" : read(in);
        if (status >= 400) {
            throw new Refused(status, text);
        }
        return text;
    }

    /** The text of a member of an answer, for programs without a JSON library; {@code null} when there is none. */
    public static String member(String json, String name) {
        String start = "\"" + name + "\":\"";
        int from = json.indexOf(start);
        if (from < 0) {
            return null;
        }
        int end = json.indexOf('"', from + start.length());
        return end < 0 ? null : json.substring(from + start.length(), end);
    }

    private static String read(InputStream in) throws IOException {
        try {
            ByteArrayOutputStream all = new ByteArrayOutputStream();
            byte[] piece = new byte[8192];
            for (int count = in.read(piece); count >= 0; count = in.read(piece)) {
                all.write(piece, 0, count);
            }
            return all.toString("UTF-8");
        } finally {
            in.close();
        }
    }

    /** The sidecar said no: nothing was accepted, unless the problem's {@code outcome} says otherwise. */
    public static final class Refused extends IOException {
        private static final long serialVersionUID = 1L;

        private final int status;
        private final String problem;

        Refused(int status, String problem) {
            super(status + " " + problem);
            this.status = status;
            this.problem = problem;
        }

        /** The HTTP status. */
        public int status() {
            return status;
        }

        /** The problem as JSON: code, title, retry, outcome, and every fault with its path. */
        public String problem() {
            return problem;
        }
    }
}
