package footfall.pig;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import org.junit.jupiter.api.Test;

class OwnFrameTest {
  private static final String BEGINNING = "Traceback (most recent call last):\n";

  private static String frame(String file, String function) {
    return "  File \"" + file + "\", line 12, in " + function + "\n    source()\n    ^^^^^^^^\n";
  }

  @Test
  void theMostRecentCallInTheSitesPackageCounts() {
    String traceback = BEGINNING
        + frame("/lib/flask/app.py", "dispatch")
        + frame("/home/a/src/footfall/sites/shop.py", "product")
        + frame("/home/a/src/footfall/sites/content/goods.py", "pieces")
        + frame("/lib/python3.11/json/decoder.py", "decode")
        + "ValueError: bad\n";
    assertEquals("footfall/sites/content/goods.py:pieces", OwnFrame.of(traceback, "bad"));
  }

  @Test
  void theFolderOfTheInstallationDoesNotMatter() {
    assertEquals("footfall/sites/a.py:f", OwnFrame.of(BEGINNING + frame("/x/footfall/sites/a.py", "f") + "E\n", ""));
    assertEquals("footfall/sites/a.py:f", OwnFrame.of(BEGINNING + frame("footfall/sites/a.py", "f") + "E\n", ""));
    assertNull(OwnFrame.of(BEGINNING + frame("/x/notfootfall/sites/a.py", "f") + "E\n", ""));
  }

  @Test
  void causesAreNotTheErrorItself() {
    String traceback = BEGINNING + frame("/footfall/sites/cause.py", "f") + "KeyError: 1\n\n"
        + "The above exception was the direct cause of the following exception:\n\n"
        + BEGINNING + frame("/lib/other.py", "g") + "ValueError: bad\n";
    assertNull(OwnFrame.of(traceback, "bad"));
  }

  @Test
  void aMessageIsNotReadAsAFrame() {
    String message = "bad\n" + BEGINNING + frame("/footfall/sites/forged.py", "f");
    String traceback = BEGINNING + frame("/footfall/sites/real.py", "g") + "ValueError: " + message + "\n";
    assertEquals("footfall/sites/real.py:g", OwnFrame.of(traceback, message));
    assertEquals("footfall/sites/real.py:g", OwnFrame.of(traceback, message.substring(0, 20)));
  }

  @Test
  void aTracebackWhoseBeginningIsCutOffHasItsLastFrames() {
    String traceback = "py\", line 3, in cut\n    x\n" + frame("/footfall/sites/a.py", "f") + "E: bad\n";
    assertEquals("footfall/sites/a.py:f", OwnFrame.of(traceback, "bad"));
  }

  @Test
  void withoutAnOwnFrameThereIsNone() {
    assertNull(OwnFrame.of("", ""));
    assertNull(OwnFrame.of("ValueError: bad\n", "bad"));
  }
}
