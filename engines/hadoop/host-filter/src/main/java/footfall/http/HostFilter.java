package footfall.http;

import java.io.IOException;
import javax.servlet.Filter;
import javax.servlet.FilterChain;
import javax.servlet.FilterConfig;
import javax.servlet.ServletException;
import javax.servlet.ServletRequest;
import javax.servlet.ServletResponse;
import javax.servlet.http.HttpServletRequest;
import javax.servlet.http.HttpServletResponse;

/** Applies {@link HostRule} to a daemon that serves its pages by servlets. */
public final class HostFilter implements Filter {
    private HostRule rule;

    @Override
    public void init(FilterConfig config) {
        rule = new HostRule(config.getInitParameter(HostRule.NAMES));
    }

    @Override
    public void doFilter(ServletRequest request, ServletResponse response, FilterChain chain)
            throws IOException, ServletException {
        if (rule.allows(((HttpServletRequest) request).getHeader("Host"))) {
            chain.doFilter(request, response);
        } else {
            ((HttpServletResponse) response).sendError(HttpServletResponse.SC_FORBIDDEN, HostRule.REFUSAL);
        }
    }

    @Override
    public void destroy() {
        // It holds nothing.
    }
}
