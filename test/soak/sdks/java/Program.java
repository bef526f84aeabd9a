// An application with io.sentry: for each line of its input it sends something, and prints the id once that is answered or dropped.
import io.sentry.Attachment;
import io.sentry.Hint;
import io.sentry.ITransaction;
import io.sentry.Sentry;
import io.sentry.SentryLevel;
import io.sentry.protocol.SentryId;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;

class Program {
  private static final long FLUSH_MILLISECONDS = 20_000;

  public static void main(String[] arguments) throws Exception {
    Sentry.init(options -> {
      options.setDsn(System.getenv("SENTRY_DSN"));
      options.setRelease("sdks@1");
      options.setTracesSampleRate(1.0);
    });
    BufferedReader input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String command = input.readLine(); command != null; command = input.readLine()) {
      SentryId id = send(command);
      Sentry.flush(FLUSH_MILLISECONDS);
      System.out.printf("{\"command\":\"%s\",\"id\":\"%s\"}%n", command, id);
    }
    Sentry.close();
  }

  private static SentryId send(String command) {
    switch (command) {
      case "exception":
        return Sentry.captureException(new IndexOutOfBoundsException("the order has no rows"));
      case "message":
        return Sentry.captureMessage("the cache was cold", SentryLevel.WARNING);
      case "large":
        return Sentry.captureException(new IllegalStateException("too many rows"), scope -> scope.setContexts("large", rows()));
      case "attachment":
        byte[] log = "a line of the log\n".repeat(5_000).getBytes(StandardCharsets.UTF_8);
        return Sentry.captureException(new IllegalStateException("see the log"), Hint.withAttachment(new Attachment(log, "order.log")));
      case "transaction":
        ITransaction transaction = Sentry.startTransaction("GET /orders", "http.server");
        transaction.finish();
        return transaction.getEventId();
      default:
        throw new IllegalArgumentException(command);
    }
  }

  private static Map<String, Object> rows() {
    SecureRandom random = new SecureRandom();
    Map<String, Object> rows = new HashMap<>();
    for (int row = 0; row < 400; row++) {
      byte[] bytes = new byte[500];
      random.nextBytes(bytes);
      rows.put("row " + row, HexFormat.of().formatHex(bytes));
    }
    return rows;
  }
}
