package footfall.pig;

import java.io.IOException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
import org.apache.pig.EvalFunc;
import org.apache.pig.data.DataByteArray;
import org.apache.pig.data.DataType;
import org.apache.pig.data.Tuple;
import org.apache.pig.data.TupleFactory;
import org.apache.pig.impl.logicalLayer.schema.Schema;

/**
 * Parses a line of any kind: {@code ParseLine(log_kind, line)} is a tuple of the columns of {@link Column}.
 *
 * <p>A line that is not valid has a reason instead of values. An empty line, which is null, has no {@code line_id}
 * either.
 */
public final class ParseLine extends EvalFunc<Tuple> {
  @Override
  public Tuple exec(Tuple input) throws IOException {
    Object[] values = new Object[Column.values().length];
    DataByteArray line = (DataByteArray) input.get(1);
    if (line != null) {
      values[Column.LINE_ID.ordinal()] = HexFormat.of().formatHex(Sha256.of(line.get()));
      try {
        Map<Column, Object> row = LineParser.parse((String) input.get(0), line.get());
        row.forEach((column, value) -> values[column.ordinal()] = value);
      } catch (BadLine bad) {
        values[Column.REASON.ordinal()] = bad.reason.text();
      }
    }
    return TupleFactory.getInstance().newTupleNoCopy(Arrays.asList(values));
  }

  @Override
  public Schema outputSchema(Schema input) {
    Schema columns = new Schema();
    for (Column column : Column.values()) {
      columns.add(new Schema.FieldSchema(column.text(), DataType.findType(column.type)));
    }
    try {
      return new Schema(new Schema.FieldSchema(null, columns, DataType.TUPLE));
    } catch (org.apache.pig.impl.logicalLayer.FrontendException impossible) {
      throw new IllegalStateException(impossible);
    }
  }
}
