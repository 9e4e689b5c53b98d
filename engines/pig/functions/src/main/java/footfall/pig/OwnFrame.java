package footfall.pig;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Finds the frame of a Python traceback that identifies an error. */
final class OwnFrame {
  private static final String BEGINNING = "Traceback (most recent call last):\n";
  /** The package of the sites: this folder and what it contains, wherever it is installed. */
  private static final Pattern OWN =
      Pattern.compile("  File \"(?:[^\"]*/)?(footfall/sites/[^\"]+)\", line [0-9]+, in (.+)");

  private OwnFrame() {}

  /**
   * Returns the topmost frame in the sites' own package, the most recent call, as {@code FILE:FUNCTION} with the file's
   * path from its package on; null if there is none.
   *
   * @param message the exception's message, with which the traceback ends. A visitor may have caused its text, so no
   *     frame is read from it.
   */
  static String of(String traceback, String message) {
    int end = message.isEmpty() ? -1 : traceback.lastIndexOf(message);
    String frames = end < 0 ? traceback : traceback.substring(0, end);
    // The last of several tracebacks is the one of the exception itself; the others are those of its causes.
    int beginning = frames.lastIndexOf(BEGINNING);
    String own = beginning < 0 ? frames : frames.substring(beginning + BEGINNING.length());
    String topmost = null;
    for (String line : own.split("\n")) {
      Matcher frame = OWN.matcher(line);
      if (frame.matches()) {
        topmost = frame.group(1) + ":" + frame.group(2);
      }
    }
    return topmost;
  }
}
