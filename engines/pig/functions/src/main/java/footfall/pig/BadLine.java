package footfall.pig;

/** A line is not valid; it is set apart. */
final class BadLine extends Exception {
  private static final long serialVersionUID = 1L;

  final Reason reason;

  BadLine(Reason reason) {
    // Many lines may be broken, and nobody reads the stack.
    super(reason.text(), null, false, false);
    this.reason = reason;
  }
}
