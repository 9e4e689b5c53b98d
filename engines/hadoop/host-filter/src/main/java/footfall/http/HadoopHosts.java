package footfall.http;

import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.http.FilterContainer;
import org.apache.hadoop.http.FilterInitializer;

/** Adds {@link HostFilter} to the web server of a daemon of Hadoop ({@code hadoop.http.filter.initializers}). */
public final class HadoopHosts extends FilterInitializer {
    @Override
    public void initFilter(FilterContainer container, Configuration conf) {
        Map<String, String> parameters = Map.of(HostRule.NAMES, conf.get(HostRule.NAMES, ""));
        container.addGlobalFilter("footfall-hosts", HostFilter.class.getName(), parameters);
    }
}
