package footfall.pig;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.mapreduce.InputFormat;
import org.apache.hadoop.mapreduce.InputSplit;
import org.apache.hadoop.mapreduce.Job;
import org.apache.hadoop.mapreduce.RecordReader;
import org.apache.hadoop.mapreduce.TaskAttemptContext;
import org.apache.hadoop.mapreduce.TaskAttemptID;
import org.apache.hadoop.mapreduce.task.TaskAttemptContextImpl;
import org.apache.pig.backend.hadoop.executionengine.mapReduceLayer.PigSplit;
import org.apache.pig.data.Tuple;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LogLinesTest {
  @TempDir Path folder;

  private List<String> lines(Path file, String content) throws Exception {
    Files.createDirectories(file.getParent());
    Files.writeString(file, content, StandardCharsets.ISO_8859_1);
    LogLines loader = new LogLines();
    Job job = Job.getInstance(new Configuration());
    loader.setLocation(file.toUri().toString(), job);
    InputFormat<?, ?> format = loader.getInputFormat();
    List<String> found = new ArrayList<>();
    for (InputSplit split : format.getSplits(job)) {
      TaskAttemptContext task = new TaskAttemptContextImpl(job.getConfiguration(), new TaskAttemptID());
      RecordReader<?, ?> reader = format.createRecordReader(split, task);
      reader.initialize(split, task);
      loader.prepareToRead(reader, new PigSplit(new InputSplit[] {split}, 0, new ArrayList<>(), 0));
      for (Tuple row = loader.getNext(); row != null; row = loader.getNext()) {
        found.add(row.get(0) + " " + row.get(1) + " " + row.get(2));
      }
    }
    return found;
  }

  @Test
  void theFolderGivesKindAndDay() throws Exception {
    Path file = folder.resolve("access/dt=2026-11-24/vm.1.log");
    assertEquals(List.of("access 2026-11-24 a", "access 2026-11-24 b"), lines(file, "a\nb"));
  }

  @Test
  void onlyALineFeedEndsALine() throws Exception {
    Path file = folder.resolve("error/dt=2026-11-24/vm.1.log");
    assertEquals(List.of("error 2026-11-24 a\rb\r", "error 2026-11-24 null"), lines(file, "a\rb\r\n\n"));
  }

  @Test
  void aFileElsewhereIsRefused() {
    assertThrows(IOException.class, () -> lines(folder.resolve("vm.1.log"), "a\n"));
  }
}
