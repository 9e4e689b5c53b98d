package footfall.pig;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.io.LongWritable;
import org.apache.hadoop.io.Text;
import org.apache.hadoop.mapreduce.InputFormat;
import org.apache.hadoop.mapreduce.InputSplit;
import org.apache.hadoop.mapreduce.Job;
import org.apache.hadoop.mapreduce.RecordReader;
import org.apache.hadoop.mapreduce.TaskAttemptContext;
import org.apache.hadoop.mapreduce.lib.input.FileInputFormat;
import org.apache.hadoop.mapreduce.lib.input.FileSplit;
import org.apache.hadoop.mapreduce.lib.input.LineRecordReader;
import org.apache.hadoop.mapreduce.lib.input.TextInputFormat;
import org.apache.pig.LoadFunc;
import org.apache.pig.backend.hadoop.executionengine.mapReduceLayer.PigSplit;
import org.apache.pig.data.DataByteArray;
import org.apache.pig.data.Tuple;
import org.apache.pig.data.TupleFactory;

/**
 * Loads the lines of log files as {@code (log_kind: chararray, dt: chararray, line: bytearray)}.
 *
 * <p>Kind and day come from the folder, {@code …/KIND/dt=YYYY-MM-DD/FILE}. Only a line feed ends a line; the bytes of
 * the line stay as they are. An empty line is not a line of a log: its {@code line} is null.
 */
public final class LogLines extends LoadFunc {
  private static final Pattern FOLDER = Pattern.compile(".*/([a-z]+)/dt=([0-9]{4}-[0-9]{2}-[0-9]{2})/[^/]+");
  private static final byte[] LINE_FEED = "\n".getBytes(StandardCharsets.US_ASCII);

  private RecordReader<?, ?> reader;
  private String kind;
  private String day;

  @Override
  public void setLocation(String location, Job job) throws IOException {
    FileInputFormat.setInputPaths(job, location);
  }

  @Override
  public InputFormat<?, ?> getInputFormat() {
    return new Lines();
  }

  @Override
  @SuppressWarnings("rawtypes")
  public void prepareToRead(RecordReader opened, PigSplit split) throws IOException {
    reader = opened;
    Path path = ((FileSplit) split.getWrappedSplit()).getPath();
    Matcher folder = FOLDER.matcher(path.toUri().getPath());
    if (!folder.matches()) {
      throw new IOException(path + " is not in a folder of log files.");
    }
    kind = folder.group(1);
    day = folder.group(2);
  }

  @Override
  public Tuple getNext() throws IOException {
    try {
      if (!reader.nextKeyValue()) {
        return null;
      }
      Text line = (Text) reader.getCurrentValue();
      DataByteArray bytes = line.getLength() == 0 ? null : new DataByteArray(line.copyBytes());
      return TupleFactory.getInstance().newTupleNoCopy(Arrays.asList(kind, day, bytes));
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new IOException(interrupted);
    }
  }

  /** Hadoop's lines, but a carriage return is part of a line. */
  private static final class Lines extends TextInputFormat {
    @Override
    public RecordReader<LongWritable, Text> createRecordReader(
        InputSplit split, TaskAttemptContext context) {
      return new LineRecordReader(LINE_FEED);
    }
  }
}
